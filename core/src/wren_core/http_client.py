"""A client for REST APIs, for integrations whose provider has no client library.

Reads are sent again after a transient failure (5xx, no connection) within a few seconds, and every request after a
refusal because of its rate (429), within twenty seconds; a longer Retry-After goes to the caller. After any other
failure a write is not repeated, unless the caller says that it can be; the error says that it may have been done.
Headers, including the token, are sent only to the origin of `base_url`.

It needs the extra `wren-core[http]`, which is imported when a client is created.
"""

import json as json_format
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Unpack
from uuid import uuid4

from wren_core.errors import AuthFailed, InvalidInput, Rejected, TransientError, Unavailable, WrenError
from wren_core.http_body import BodyArguments, EncodedBody, encode_body
from wren_core.http_status import summary, verdict_for_status
from wren_core.retrying import Attempts, send_again
from wren_core.time_limits import TimeLimit, enforce, limit_time
from wren_core.writes import mark_doubt, note_write

MAX_PAGES = 1000
MAX_REDIRECTS = 5
MAX_RESPONSE_BYTES = 50 * 1024 * 1024
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SAME_REQUEST = frozenset({307, 308})
"""Redirects that ask for the same request elsewhere; the others may turn a write into a read."""


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
class _Sending:
    """One request, which may be sent several times."""

    method: str
    path: str
    options: Mapping[str, Any]
    reading: "_Reading"
    body: EncodedBody = field(default_factory=EncodedBody)

    @property
    def shown(self) -> str:
        """For messages; without the query, which may hold secrets."""
        return f"{self.method} {self.path}"

    @property
    def is_safe(self) -> bool:
        """Whether it only reads."""
        return self.method in _SAFE_METHODS


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
        patience: seconds that one attempt may take in all, however slowly the answer comes; a request with a large body
            has a second more for each 64 KiB.
        max_bytes: the largest answer that is read.
        verdict: reads a refusal (400 and above) in the provider's own format; None derives it from the status.
        sleep: called with seconds, to wait between two attempts; by default `time.sleep`.

    Example:
        client = HttpClient("https://api.example.com", integration="example", token=token)
        client.get("/things", limit=10)
        client.request("POST", "/things", json={"name": "New"}).json()
        client.request("POST", "/search", form={"q": "tea", "tag": ["a", "b"]}, repeatable=True)
        client.request("POST", "/files", form={"title": "Tea"}, files=[("file", ("a.pdf", pdf, "application/pdf"))])
        client.request("PUT", "/raw", content=b"a,b", content_type="text/csv", headers={"if-match": etag})
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
        sleep: Callable[[float], None] | None = None,
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
        enforce(self._http)
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
        reading = _Reading(max_bytes=max_bytes, patience=patience, file=file)
        try:
            return self._send(_Sending(method="GET", path=path, options={}, reading=reading))
        except TransientError as exc:
            exc.nothing_done = True
            raise

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | Sequence[tuple[str, str]] | str | None = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool | None = None,
        key_header: str | None = None,
        **body: Unpack[BodyArguments],
    ) -> Answer:
        """Send a request and return its answer.

        The body is one of `json`, `form`, `files` (with `form` as further parts) and `content`; without any of them
        there is none.

        Args:
            method: the HTTP method.
            path: from the root of the API, its values quoted.
            query: parameters by name, where None is left out and a list is repeated; or pairs of name and value; or
                text that is percent-encoded already.
            headers: text by name, for this request only; they replace those of the client with the same name.
            repeatable: sending it twice has the effect of sending it once; by default true for GET, HEAD and OPTIONS.
            key_header: the header for an idempotency key, if the provider knows one; a new key is sent in it.
            json: a body as JSON values, sent as `application/json`.
            form: a body of `application/x-www-form-urlencoded`: values by name, where None is left out and a list is
                repeated; or pairs of name and value. Values become text; true and false are written so.
            files: the parts of a body of `multipart/form-data`: pairs of a name and of a tuple of file name, content as
                bytes, and media type. Without a file name the part is a plain field; without a media type it is guessed
                from the file name.
            content: a body as bytes or text (sent as UTF-8), or an open binary file that is sent piece by piece; a file
                that cannot be rewound is sent only once.
            content_type: the media type of `content`.

        Raises:
            InvalidInput: a header has characters that none may have.
            TypeError: several bodies are given.
            WrenError: the verdict for a refusal; Unavailable where the provider was not reached or too slow.
        """
        for name in _invalid_headers(headers or {}):
            raise InvalidInput(f"header {name!r} has characters that no header may hold")
        encoded = encode_body(**body)
        key = {key_header: str(uuid4())} if key_header else {}
        sent_headers = {**encoded.headers, **(headers or {}), **key}
        options = {"params": _query_of(query), "headers": sent_headers, **encoded.options}
        sending = _Sending(method=method, path=path, options=options, reading=self._reading, body=encoded)
        is_repeatable = sending.is_safe if repeatable is None else repeatable
        return self._send_until_done(sending, is_repeatable=is_repeatable, is_keyed=bool(key))

    def _send_until_done(self, sending: _Sending, *, is_repeatable: bool, is_keyed: bool) -> Answer:
        """Send a request, again where that does no harm; note what was written, and what may have been."""
        attempts = Attempts(repeatable=(is_repeatable or is_keyed) and sending.body.is_rewindable)
        if not sending.body.is_rewindable:
            attempts.wait_seconds = 0
        try:
            answer = send_again(lambda: self._send(sending), attempts, sleep=self._sleep)
        except TransientError as exc:
            exc.nothing_done = exc.nothing_done or is_repeatable
            if not exc.nothing_done:
                note_write()
                mark_doubt(exc)
            raise
        if not is_repeatable:
            note_write()
        return answer

    def _send(self, sending: _Sending) -> Answer:
        path, shown = sending.path, sending.shown
        if not path.startswith("/") or path.startswith("//"):
            raise ValueError(f"{path!r} is not a path from the root of the API")
        sending.body.rewind()
        with limit_time(sending.reading.patience) as limit:
            try:
                request = self._http.build_request(sending.method, path, **sending.options)
                answer = self._exchange(sending, request, limit)
            except self._failures as exc:
                nothing_done = isinstance(exc, self._nothing_sent)
                if limit.is_over:
                    raise self._too_slow(sending, nothing_done=nothing_done) from exc
                message = f"{self._integration} could not be reached for {shown}: {type(exc).__name__}"
                raise Unavailable(message, nothing_done=nothing_done) from exc
        if answer.status_code >= 300:
            raise self._verdict_on(answer)
        return answer

    def _exchange(self, sending: _Sending, request: Any, limit: TimeLimit) -> Answer:
        """Send, and follow redirects on the same origin: those of a read, and those that keep method and body."""
        for _ in range(MAX_REDIRECTS):
            with closing(self._http.send(request, stream=True)) as response:
                redirected = response.next_request
                is_followed = sending.is_safe or (response.status_code in _SAME_REQUEST and sending.body.is_rewindable)
                if redirected is None or not is_followed or not _same_origin(request, redirected):
                    return Answer(
                        request=sending.shown,
                        status_code=response.status_code,
                        headers=response.headers,
                        body=self._read(response, sending, limit),
                        next_link=_next_link(response.links),
                    )
            sending.body.rewind()
            request = redirected
        raise Rejected(f"{self._integration} redirects {sending.shown} in a loop")

    def _too_slow(self, sending: _Sending, *, nothing_done: bool) -> Unavailable:
        patience = sending.reading.patience
        message = f"{self._integration} needed more than {patience:g} s to answer {sending.shown}"
        return Unavailable(message, nothing_done=nothing_done)

    def _read(self, response: Any, sending: _Sending, limit: TimeLimit) -> bytes:
        reading, body, size = sending.reading, bytearray(), 0
        file = reading.file if response.status_code < 300 else None  # a refusal goes into the message
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > reading.max_bytes:
                message = f"{self._integration} answered {sending.shown} with more than {reading.max_bytes:,} bytes"
                raise ResponseTooLarge(message)
            if limit.is_over:
                raise self._too_slow(sending, nothing_done=False)
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
        if answer.status_code < 400 and "location" in answer.headers:
            message += f"; it is now at {summary(answer.headers['location'])}"
        retry_after = answer.headers.get("retry-after")
        found = verdict_for_status(answer.status_code, message=message, retry_after=retry_after)
        return found or Rejected(message, details={"status": answer.status_code})


def _query_of(query: Mapping[str, Any] | Sequence[tuple[str, str]] | str | None) -> Any:
    if query is None or isinstance(query, str):
        return query or {}
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
