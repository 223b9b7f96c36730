"""A client for REST APIs, for integrations whose provider has no client library.

Reads are retried after a transient failure (429, 5xx, no connection) within a few seconds; a longer Retry-After goes to
the caller. A write is sent once, unless the caller says that it can be repeated; where a write may have been carried
out, the error says so. Headers, including the token, are sent only to the origin of `base_url`.

It needs the extra `wren-core[http]`, which is imported when a client is created.
"""

import json as json_format
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, BinaryIO
from uuid import uuid4

from wren_core.errors import AuthFailed, InvalidInput, Rejected, TransientError, Unavailable, WrenError
from wren_core.http_status import summary, verdict_for_status

READ_RETRIES = 2
RETRY_SECONDS = 5.0
MAX_PAGES = 1000
MAX_REDIRECTS = 5
MAX_RESPONSE_BYTES = 50 * 1024 * 1024
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The answer of a provider."""

    request: str
    """Method and path, for messages; without the query, which may hold secrets."""
    status_code: int
    headers: Mapping[str, str]
    """Lookups ignore case."""
    body: bytes = field(repr=False)
    next_link: str | None = None
    """The address of the next page, where a Link header (RFC 8288) names one."""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    def json(self, **options: Any) -> Any:
        """Return the body as JSON, read with the options of `json.loads`; None for an empty body.

        Raises:
            Unavailable: it is not JSON.
        """
        try:
            return json_format.loads(self.body, **options) if self.body else None
        except (ValueError, RecursionError) as exc:
            message = f"{self.request} was answered with something other than JSON; is base_url right?"
            raise Unavailable(message) from exc


Verdict = Callable[[Answer], WrenError | None]


class ResponseTooLarge(Rejected):
    """The answer is larger than the client reads; a request for less may help, a retry does not."""

    code = "RESPONSE_TOO_LARGE"


@dataclass(frozen=True, kw_only=True)
class _Reading:
    """How to read the body of an answer, and how much of it."""

    max_bytes: int
    patience: float
    file: BinaryIO | None = None
    """The file that gets the body, piece by piece; None keeps it in memory."""


class HttpClient:
    """Calls one API with the credential of one account, and raises refusals as verdicts.

    Args:
        base_url: root of the API; paths are added to it.
        integration: name of the integration, for messages and the User-Agent header.
        token: sent as `Authorization: Bearer`.
        headers: sent with every request.
        query: sent with every request; some providers expect an API key there.
        timeout: seconds to wait for a connection or for the next bytes.
        patience: seconds that a whole answer may take.
        max_bytes: the largest answer that is read.
        verdict: reads a refusal (400 and above) in the provider's own format; None derives it from the status.
        sleep: called to wait between two attempts.

    Example:
        client = HttpClient("https://api.example.com", integration="example", token=token)
        client.get("/things", limit=10)
        client.request("POST", "/things", json={"name": "New"}).json()
    """

    def __init__(
        self,
        base_url: str,
        *,
        integration: str,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        timeout: float = 30.0,
        patience: float = 60.0,
        max_bytes: int = MAX_RESPONSE_BYTES,
        verdict: Verdict | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        import httpx2  # here: listing integrations does not need it

        self._integration = integration
        sent = {"user-agent": f"wren-{integration}", **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        for name in _invalid_headers(sent):  # the library would quote the value in its error
            raise AuthFailed(
                f"header {name!r} has characters that no header may hold; run `wren connect {integration}`"
            )
        self._http = httpx2.Client(
            base_url=base_url, headers=sent, params=query, timeout=httpx2.Timeout(timeout, connect=min(timeout, 10.0))
        )
        self._failures = httpx2.RequestError
        self._nothing_sent = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)
        self._reading = _Reading(max_bytes=max_bytes, patience=patience)
        self._verdict, self._sleep = verdict, sleep

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        """Read JSON; a parameter with the value None is omitted."""
        return self.request("GET", path, query=query).json()

    def pages(
        self, path: str, query: Mapping[str, Any], *, following: Callable[[Answer], Mapping[str, Any] | None]
    ) -> Iterator[Answer]:
        """Read a list page by page, each when it is needed; `following` returns the query of the next page."""
        wanted: Mapping[str, Any] | None = query
        for _ in range(MAX_PAGES):  # ends a listing without an end
            if wanted is None:
                return
            answer = self.request("GET", path, query=wanted)
            yield answer
            wanted = following(answer)

    def download(self, path: str, file: BinaryIO, *, max_bytes: int, patience: float) -> Answer:
        """Read a body of any size into an open file, without holding it in memory; the `body` of the answer is empty.

        It is tried once; a failed attempt leaves what it wrote in the file.

        Raises:
            WrenError: as `request` does; ResponseTooLarge beyond `max_bytes`, Unavailable after `patience` seconds.
        """
        return self._send("GET", path, {}, _Reading(max_bytes=max_bytes, patience=patience, file=file))

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | Sequence[tuple[str, str]] | str | None = None,
        json: Any = None,
        content: bytes | BinaryIO | None = None,
        files: Sequence[tuple[str, tuple[str | None, bytes, str | None]]] | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        key_header: str | None = None,
    ) -> Answer:
        """Send a request and return its answer.

        Args:
            method: the HTTP method.
            path: from the root of the API, its values quoted.
            query: parameters by name, where None is left out and a list is repeated; or pairs of name and value; or
                text that is percent-encoded already.
            json: a body as JSON values.
            content: a body as bytes, or an open file that is sent piece by piece; a file cannot be sent twice.
            files: the parts of a body of `multipart/form-data`: name, and file name, content and media type.
            headers: in addition to the client's own.
            repeatable: sending it twice has the effect of sending it once; by default true for GET, HEAD and OPTIONS.
            key_header: the header for an idempotency key, if the provider knows one; a new key is sent in it.

        Raises:
            WrenError: the verdict for a refusal, or Unavailable where the provider could not be reached.
        """
        for name in _invalid_headers(headers or {}):
            raise InvalidInput(f"header {name!r} has characters that no header may hold")
        key = {key_header: str(uuid4())} if key_header else {}
        options = {
            "params": query if isinstance(query, str) else _without_none(query or {}),
            "json": json,
            "content": content,
            "files": files,
            "headers": {**(headers or {}), **key},
        }
        if method in _SAFE_METHODS if repeatable is None else repeatable:
            return self._send_with_retries(method, path, options)
        return self._send_write(method, path, options, is_keyed=bool(key))

    def _send_with_retries(self, method: str, path: str, options: dict[str, Any]) -> Answer:
        deadline = time.monotonic() + RETRY_SECONDS
        for attempt in range(READ_RETRIES):
            try:
                return self._send(method, path, options)
            except TransientError as exc:
                pause = 0.5 * 2**attempt if exc.retry_after_ms is None else exc.retry_after_ms / 1000
                if time.monotonic() + pause > deadline:
                    raise
            self._sleep(pause)
        return self._send(method, path, options)

    def _send_write(self, method: str, path: str, options: dict[str, Any], *, is_keyed: bool) -> Answer:
        """Send a write once, or with retries under an idempotency key; after a failure its outcome is unknown."""
        try:
            return (self._send_with_retries if is_keyed else self._send)(method, path, options)
        except Unavailable as exc:
            if isinstance(exc.__cause__, self._nothing_sent) and not is_keyed:
                raise
            doubt = Unavailable(f"{exc.message}; it may have been done: look before you try again")
            doubt.can_retry = False
            raise doubt from exc

    def _send(self, method: str, path: str, options: dict[str, Any], reading: _Reading | None = None) -> Answer:
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"{path!r} is not a path from the root of the API")
        shown = f"{method} {path}"
        try:
            answer = self._exchange(shown, self._build(method, path, options), reading or self._reading)
        except self._failures as exc:
            raise Unavailable(f"{self._integration} could not be reached for {shown}: {type(exc).__name__}") from exc
        if answer.status_code >= 300:
            raise self._verdict_on(answer)
        return answer

    def _build(self, method: str, path: str, options: dict[str, Any]) -> Any:
        encoded = options.get("params")
        if not isinstance(encoded, str):
            return self._http.build_request(method, path, **options)
        request = self._http.build_request(method, path, **{**options, "params": None})
        joined = b"&".join(part for part in (request.url.query, encoded.encode()) if part)
        request.url = request.url.copy_with(query=joined or None)
        return request

    def _exchange(self, shown: str, request: Any, reading: _Reading) -> Answer:
        """Send, and follow the redirects of a read on the same origin."""
        for _ in range(MAX_REDIRECTS):
            with closing(self._http.send(request, stream=True)) as response:
                redirected = response.next_request
                if redirected is None or request.method not in _SAFE_METHODS or not _same_origin(request, redirected):
                    body = self._read(response, shown, reading)
                    return Answer(
                        request=shown,
                        status_code=response.status_code,
                        headers=response.headers,
                        body=body,
                        next_link=_next_link(response.links),
                    )
            request = redirected
        raise Rejected(f"{self._integration} redirects {shown} in a loop")

    def _read(self, response: Any, shown: str, reading: _Reading) -> bytes:
        deadline = time.monotonic() + reading.patience
        body, size = bytearray(), 0
        file = reading.file if response.status_code < 300 else None  # a refusal goes into the message
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > reading.max_bytes:
                message = f"{self._integration} answered {shown} with more than {reading.max_bytes:,} bytes"
                raise ResponseTooLarge(message)
            if time.monotonic() > deadline:
                raise Unavailable(f"{self._integration} needed more than {reading.patience:g} s to answer {shown}")
            if file is None:
                body += chunk
            else:
                file.write(chunk)
        return bytes(body)

    def _verdict_on(self, answer: Answer) -> WrenError:
        own = self._verdict(answer) if self._verdict and answer.status_code >= 400 else None
        return own or self._verdict_by_status(answer)

    def _verdict_by_status(self, answer: Answer) -> WrenError:
        message = f"{self._integration} answered {answer.status_code} to {answer.request}: {summary(answer.text)}"
        if answer.status_code == 401:
            message += f"; run `wren connect {self._integration}`"
        retry_after = answer.headers.get("retry-after")
        found = verdict_for_status(answer.status_code, message=message, retry_after=retry_after)
        return found or Rejected(message, details={"status": answer.status_code})


def _without_none(query: Mapping[str, Any] | Sequence[tuple[str, str]]) -> dict[str, Any] | list[tuple[str, str]]:
    if isinstance(query, Mapping):
        return {name: value for name, value in query.items() if value is not None}
    return list(query)


def _next_link(links: Mapping[Any, Mapping[str, str]]) -> str | None:
    """Return the address of the next page; one link may have several relations, as in `rel="next last"`."""
    return next((link["url"] for link in links.values() if "next" in link.get("rel", "").lower().split()), None)


def _invalid_headers(headers: Mapping[str, str]) -> list[str]:
    return [name for name, value in headers.items() if not re.fullmatch(r"[ -~]*", value)]


def _same_origin(request: Any, other: Any) -> bool:
    mine, theirs = request.url, other.url
    return (mine.scheme, mine.host, mine.port) == (theirs.scheme, theirs.host, theirs.port)
