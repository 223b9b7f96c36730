"""From an HTTP answer or a client library's exception to one of the six author verdicts.

Pure: reads attributes, sends nothing. Authors call `raise_for_response` after a request, or call nothing at all:
`execution.call` asks `verdict_for_exception` about whatever a method raises.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from wren_core.errors import AuthFailed, NotFound, RateLimited, Rejected, Unavailable, WrenError

_MESSAGE_LIMIT = 300
# Class names, not classes: core must not import a client library to recognise what it raises.
_UNREACHABLE = frozenset(
    {"TransportError", "TimeoutException", "ConnectionError", "Timeout", "URLError", "TimeoutError"}
)


class Response(Protocol):
    """What core reads of an answer; httpx2, requests and their fakes all fit."""

    @property
    def status_code(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def text(self) -> str: ...


def raise_for_response(response: Response, *, integration: str) -> None:
    """Raise the verdict for an HTTP answer; return on any status below 400.

    Raises:
        AuthFailed (401), RateLimited (429, or 403 with Retry-After), NotFound (404, 410), Unavailable (408, 5xx),
        Rejected (any other 4xx).
    """
    if response.status_code < 400:
        return
    message = f"{integration} answered {response.status_code}: {_summary(response.text)}"
    verdict = verdict_for_status(response.status_code, message=message, retry_after=response.headers.get("retry-after"))
    if verdict is not None:
        raise verdict


def verdict_for_status(status: int, *, message: str, retry_after: str | None = None) -> WrenError | None:
    """Return the verdict for an HTTP status, or None below 400.

    Args:
        status: the HTTP status.
        message: what happened, for the reader.
        retry_after: the Retry-After header: seconds or an HTTP date.
    """
    if status < 400:
        return None
    if status == 429 or (status == 403 and retry_after):
        return RateLimited(message, parse_retry_after(retry_after))
    if status == 401:
        return AuthFailed(message)
    if status in (404, 410):
        return NotFound(message)
    if status == 408 or status >= 500:
        seconds = parse_retry_after(retry_after)
        return Unavailable(message, retry_after_ms=None if seconds is None else round(seconds * 1000))
    return Rejected(message, details={"status": status})


def verdict_for_exception(exc: BaseException) -> WrenError | None:
    """Return the verdict for what a client library raised, or None when nothing is known about it."""
    if isinstance(exc, WrenError):
        return exc
    response = getattr(exc, "response", None)
    status = getattr(response, "status_code", None)
    if isinstance(status, int) and status >= 400:
        headers = {str(key).lower(): value for key, value in dict(getattr(response, "headers", {})).items()}
        return verdict_for_status(status, message=_summary(str(exc)), retry_after=headers.get("retry-after"))
    if isinstance(exc, (TimeoutError, ConnectionError)) or _UNREACHABLE.intersection(_class_names(exc)):
        return Unavailable(f"the provider could not be reached: {type(exc).__name__}: {_summary(str(exc))}")
    return None


def parse_retry_after(value: str | None) -> float | None:
    """Return the seconds a Retry-After header asks for; None for a missing or unreadable one."""
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (when - datetime.now(UTC)).total_seconds())


def _class_names(exc: BaseException) -> Iterator[str]:
    return (cls.__name__ for cls in type(exc).__mro__)


def _summary(text: Any) -> str:
    flat = " ".join(str(text).split())
    return flat if len(flat) <= _MESSAGE_LIMIT else flat[:_MESSAGE_LIMIT] + "..."
