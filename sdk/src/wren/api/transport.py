"""HTTP to a Wren server: authorised requests, errors as exceptions, retries, event streams."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import httpx2

from wren.api.correlation import new_correlation_id
from wren.api.profile import Profile
from wren_core.errors import InternalError, InvalidInput, WrenError, error_from_wire
from wren_core.http_status import parse_retry_after

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
_ATTEMPTS = 3
_FIRST_PAUSE_SECONDS = 0.3
_LONGEST_PAUSE_SECONDS = 10.0
# A GET is repeated after one of these: the server, or the proxy before it, was not ready.
_TRANSIENT = frozenset({429, 502, 503, 504})


class ServerUnreachable(InternalError):
    """The server does not answer; the message names its address and the next step."""

    code = "SERVER_UNREACHABLE"
    can_retry = True


class AnswerInvalid(InternalError):
    """What answers at the server's address is not Wren."""

    code = "ANSWER_INVALID"


class Transport:
    """Sends requests to one server with one key; the key appears in no `repr`, error or log."""

    def __init__(
        self,
        profile: Profile,
        *,
        correlation_id: str | None = None,
        read_seconds: float = READ_SECONDS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.url = profile.url
        self.correlation_id = correlation_id or new_correlation_id()
        self.has_answered = False
        """Whether the server has ever answered; one that has, and is gone, may be restarting."""
        self._sleep = sleep
        self._http = httpx2.Client(
            base_url=profile.url,
            headers={
                "Authorization": f"Bearer {profile.key.get_secret_value()}",
                "X-Correlation-ID": self.correlation_id,
                "User-Agent": "wren-sdk",
            },
            timeout=httpx2.Timeout(read_seconds, connect=CONNECT_SECONDS),
            follow_redirects=False,  # a redirect must not carry the key to another host
            trust_env=not _is_loopback(profile.url),  # a proxy has no business between this machine and itself
        )

    def request(
        self, method: str, path: str, *, body: Any = None, params: Mapping[str, Any] | None = None, text: bool = False
    ) -> Any:
        """Send a request and return the answer's JSON, or its text.

        Only a GET is repeated: a request that changes something may have taken effect although the answer was lost.

        Raises:
            WrenError: what the server answered; ServerUnreachable or AnswerInvalid when there was no such answer.
        """
        accept = {"Accept": "text/plain" if text else "application/json"}
        attempts = _ATTEMPTS if method == "GET" else 1
        for attempt in range(1, attempts):
            try:
                response = self._send(method, path, json=body, params=params, headers=accept)
            except ServerUnreachable:
                self.pause(attempt)
                continue
            if response.status_code not in _TRANSIENT:
                return self._read_content(response, text=text)
            self.pause(attempt, parse_retry_after(response.headers.get("retry-after")))
        return self._read_content(self._send(method, path, json=body, params=params, headers=accept), text=text)

    @contextmanager
    def open_events(self, path: str, *, last_event_id: str | None = None) -> Iterator[httpx2.EventSource]:
        """Open an event stream, after the event `last_event_id` where one is given.

        Raises:
            WrenError: what the server answered instead of a stream, or ServerUnreachable.
        """
        headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
        try:
            with self._http.sse(path, headers=headers) as source:
                self.has_answered = True
                self._check_stream(source.response)
                yield source
        except httpx2.HTTPError as exc:
            raise self.unreachable_error(exc) from exc

    def pause(self, attempt: int, wanted_seconds: float | None = None) -> None:
        """Wait before attempt `attempt + 1`: as long as the server asked, else a little longer each time."""
        grown: float = _FIRST_PAUSE_SECONDS * 2 ** (attempt - 1)
        self._sleep(min(_LONGEST_PAUSE_SECONDS, grown if wanted_seconds is None else wanted_seconds))

    def unreachable_error(self, cause: Exception | str) -> ServerUnreachable:
        """Return the error for a server that does not answer."""
        reason = cause if isinstance(cause, str) else f"{type(cause).__name__}: {cause}".rstrip(": ")
        return ServerUnreachable(
            f"cannot reach the Wren server at {self.url} ({reason}); start one with `wren up`, "
            f"or name yours with `wren login --url URL`",
            details={"url": self.url},
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _send(self, method: str, path: str, **options: Any) -> httpx2.Response:
        try:
            response = self._http.request(method, path, **options)
            self.has_answered = True
            return response
        except UnicodeEncodeError as exc:
            raise InvalidInput(f"the request has text that is not valid Unicode: {exc.reason}") from exc
        except httpx2.HTTPError as exc:
            raise self.unreachable_error(exc) from exc

    def _check_stream(self, response: httpx2.Response) -> None:
        if response.is_success and response.headers.get("content-type", "").startswith("text/event-stream"):
            return
        response.read()
        error = self._not_wren_error(response) if response.is_success else self._read_error(response)
        error.can_retry = error.can_retry or response.status_code in _TRANSIENT
        raise error

    def _read_content(self, response: httpx2.Response, *, text: bool) -> Any:
        if not response.is_success:
            raise self._read_error(response)
        if text:
            return response.text
        try:
            return response.json()
        except ValueError as exc:
            raise self._not_wren_error(response) from exc

    def _read_error(self, response: httpx2.Response) -> WrenError:
        try:
            body = response.json()["error"]
        except (ValueError, KeyError, TypeError):
            return self._not_wren_error(response)
        is_ours = isinstance(body, dict) and isinstance(body.get("type"), str) and isinstance(body.get("code"), str)
        return error_from_wire(body) if is_ours else self._not_wren_error(response)  # others have an `error` too

    def _not_wren_error(self, response: httpx2.Response) -> AnswerInvalid:
        return AnswerInvalid(
            f"{self.url} answered {response.status_code} to {response.request.method} {response.request.url.path} "
            f"without Wren's JSON; is it the address of a Wren server?",
            details={"url": self.url, "status": response.status_code},
        )

    def __repr__(self) -> str:
        return f"<Transport {self.url}>"


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
