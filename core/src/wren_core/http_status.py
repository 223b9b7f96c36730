"""Turn an HTTP response, or an exception of a client library, into one of the six author verdicts.

The functions are pure: they read attributes and send nothing. Authors call `raise_for_response` after a request, or
nothing at all: `execution.call` calls `verdict_for_exception` with every exception of a method.
"""

import errno
import math
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Protocol

from wren_core.errors import AuthFailed, NotFound, RateLimited, Rejected, Unavailable, WrenError

_MESSAGE_LIMIT = 300
# Names instead of classes, so that core imports no client library to recognise its exceptions.
_UNREACHABLE = frozenset(
    {"TransportError", "TimeoutException", "ConnectionError", "Timeout", "URLError", "TimeoutError", "gaierror"}
)
# What HTTP libraries and sockets raise where a request never left this machine.
_NEVER_SENT = frozenset(
    {
        *("ConnectError", "ConnectTimeout", "PoolTimeout", "NewConnectionError", "ConnectTimeoutError", "ProxyError"),
        *("NameResolutionError", "ClientConnectorError", "EndpointConnectionError"),
        *("ConnectionRefusedError", "gaierror", "SSLCertVerificationError"),
    }
)
_NEVER_SENT_ERRNO = frozenset({errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL})
# A library may derive these from its ConnectionError: what the most specific class says decides.
_CREDENTIAL = re.compile(
    r"Authentication|Unauthori[sz]ed|NotAuthenticated|AuthErr|AuthFail|LoginErr|LoginFail|LoginRefused"
    r"|(Invalid|Bad|Wrong|Expired|Unknown)_?(Credential|Password|Token|ApiKey|APIKey|Login|User)"
    r"|(Credential|Password|Token|ApiKey|APIKey)s?_?(Invalid|Expired|Refused|Revoked|Rejected)"
)
_PERMISSION = re.compile(r"Authori[sz]ation|Permission|Forbidden|Access(Denied|Refused)|NotAllowed")
# Client libraries quote the whole URL, which often contains an API key.
_URL_SECRETS = re.compile(r"(?<=://)[^/\s@]+@|\?[\w.%~+\-\[\]]+=[^\s'\">)]*")


class Response(Protocol):
    """What core reads of a response; those of httpx2 and requests, and their fakes, all fit."""

    @property
    def status_code(self) -> int:
        """Its status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers; lookups ignore case."""
        ...

    @property
    def text(self) -> str:
        """Its body."""
        ...


def raise_for_response(response: Response, *, integration: str) -> None:
    """Raise the verdict for an HTTP response; return on a status below 400.

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
        message: what happened.
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
    for answer in (getattr(exc, "response", None), getattr(exc, "resp", None), exc):
        status = _status(answer)
        if status is not None:
            return verdict_for_status(status, message=summary(exc), retry_after=_retry_after(answer))
    return _verdict_for_names(exc)


def was_never_sent(exc: BaseException | None) -> bool:
    """Tell whether an exception of a client library shows that the request never left this machine.

    The causes that a library names are followed: `raise ... from`, the arguments of requests and urllib3, and urllib's
    `reason`.
    """
    pending, seen = [exc], set[int]()
    while pending:
        current = pending.pop()
        if not isinstance(current, BaseException) or id(current) in seen:
            continue
        seen.add(id(current))
        if _NEVER_SENT.intersection(_class_names(current)) or getattr(current, "errno", None) in _NEVER_SENT_ERRNO:
            return True
        pending += [current.__cause__, getattr(current, "reason", None), *current.args]
    return False


def parse_retry_after(value: str | None, *, now: datetime | None = None) -> float | None:
    """Return the seconds in a Retry-After header; None for a missing or invalid one.

    Args:
        value: seconds or an HTTP date.
        now: the time that a date is compared with; by default the current time.
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
    """Return the text of a response or an exception on one short line, without the secrets in URLs."""
    # Truncated first: a response may be gigabytes long.
    flat = _URL_SECRETS.sub(_mask_secret, " ".join(str(text)[: _MESSAGE_LIMIT * 10].split()))
    return flat if len(flat) <= _MESSAGE_LIMIT else flat[:_MESSAGE_LIMIT] + "..."


def _verdict_for_names(exc: BaseException) -> WrenError | None:
    """Return the verdict that the most specific class with a known name implies."""
    for name in _class_names(exc):
        if _CREDENTIAL.search(name):
            return AuthFailed(f"the provider refused the credential: {type(exc).__name__}: {summary(exc)}")
        if name != "PermissionError" and _PERMISSION.search(name):  # that of Python is about files
            return Rejected(f"the provider refused: {type(exc).__name__}: {summary(exc)}")
        if name in _UNREACHABLE:
            message = f"the provider could not be reached: {type(exc).__name__}: {summary(exc)}"
            return Unavailable(message, nothing_done=was_never_sent(exc))
    return None


def _status(answer: Any) -> int | None:
    """Read the HTTP status of a response, or of an exception that is also a response, such as urllib's."""
    found = (getattr(answer, name, None) for name in ("status_code", "status", "http_status", "code"))
    return next((status for status in found if isinstance(status, int) and 400 <= status <= 599), None)


def _retry_after(answer: Any) -> str | None:
    items = getattr(getattr(answer, "headers", None), "items", None)
    pairs = items() if callable(items) else ()
    return next((str(value) for name, value in pairs if str(name).lower() == "retry-after"), None)


def _class_names(exc: BaseException) -> Iterator[str]:
    return (cls.__name__ for cls in type(exc).__mro__)


def _mask_secret(match: re.Match[str]) -> str:
    return "***@" if match[0].endswith("@") else "?***"
