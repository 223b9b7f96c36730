"""From an HTTP answer or a client library's exception to one of the six author verdicts.

Pure: reads attributes, sends nothing. Authors call `raise_for_response` after a request, or nothing at all:
`execution.call` uses `verdict_for_exception` for every exception of a method.
"""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from wren_core.errors import AuthFailed, NotFound, RateLimited, Rejected, Unavailable, WrenError

_MESSAGE_LIMIT = 300
# Class names, not classes: core must not import a client library to recognise its exceptions.
_UNREACHABLE = frozenset(
    {"TransportError", "TimeoutException", "ConnectionError", "Timeout", "URLError", "TimeoutError"}
)
# Client libraries quote the whole URL, and an API key is often part of it.
_URL_SECRETS = re.compile(r"(?<=://)[^/\s@]+@|\?[\w.%~+\-\[\]]+=[^\s'\">)]*")


class Response(Protocol):
    """The part of an answer that core reads; httpx2, requests and their fakes all fit."""

    @property
    def status_code(self) -> int:
        """Its status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers, whose names match in any case."""
        ...

    @property
    def text(self) -> str:
        """Its body."""
        ...


def raise_for_response(response: Response, *, integration: str) -> None:
    """Raise the verdict for an HTTP answer; return on any status below 400.

    Raises:
        AuthFailed (401), RateLimited (429, or 403 with Retry-After), NotFound (404, 410), Unavailable (408, 5xx),
        Rejected (any other 4xx).
    """
    if response.status_code < 400:
        return
    message = f"{integration} answered {response.status_code}: {summary(response.text)}"
    verdict = verdict_for_status(response.status_code, message=message, retry_after=_retry_after(response))
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
        return Unavailable(message, parse_retry_after(retry_after))
    return Rejected(message, details={"status": status})


def verdict_for_exception(exc: BaseException) -> WrenError | None:
    """Return the verdict for an exception of a client library, or None for an unknown one."""
    if isinstance(exc, WrenError):
        return exc
    for answer in (getattr(exc, "response", None), exc):
        status = _status(answer)
        if status is not None:
            return verdict_for_status(status, message=summary(exc), retry_after=_retry_after(answer))
    if _UNREACHABLE.intersection(_class_names(exc)):
        return Unavailable(f"the provider could not be reached: {type(exc).__name__}: {summary(exc)}")
    return None


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> float | None:
    """Return the seconds a Retry-After header asks for; None for a missing or unreadable one.

    Args:
        value: seconds or an HTTP date.
        now: the instant from which a date is counted; by default that of the clock.
    """
    if not value:
        return None
    try:
        seconds = float(value)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    aware = when if when.tzinfo else when.replace(tzinfo=UTC)
    return max(0.0, (aware - (now or datetime.now(UTC))).total_seconds())


def summary(text: object) -> str:
    """Return the text of an answer or a client library on one short line, without the secrets of URLs."""
    # Cut first: an answer may be gigabytes long.
    flat = _URL_SECRETS.sub(_hide_secret, " ".join(str(text)[: _MESSAGE_LIMIT * 10].split()))
    return flat if len(flat) <= _MESSAGE_LIMIT else flat[:_MESSAGE_LIMIT] + "..."


def _status(answer: Any) -> int | None:
    """Read the HTTP status of a response, or of an exception that is one (urllib's, say)."""
    found = (getattr(answer, name, None) for name in ("status_code", "code"))
    return next((status for status in found if isinstance(status, int) and 400 <= status <= 599), None)


def _retry_after(answer: Any) -> str | None:
    items = getattr(getattr(answer, "headers", None), "items", None)
    pairs = items() if callable(items) else ()
    return next((str(value) for name, value in pairs if str(name).lower() == "retry-after"), None)


def _class_names(exc: BaseException) -> Iterator[str]:
    return (cls.__name__ for cls in type(exc).__mro__)


def _hide_secret(match: re.Match[str]) -> str:
    return "***@" if match[0].endswith("@") else "?***"
