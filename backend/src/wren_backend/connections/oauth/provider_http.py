"""The transport to providers: bounded in time and size, without redirects.

Provider addresses come from a plugin's spec or from the operator, never from a request; the answers are not trusted.
The time is a total: a provider that sends one byte now and then, in its headers too, does not stretch it.
"""

import time
import zlib

import httpx2

from wren_backend.connections.oauth.bounded_call import BoundedCall

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 20.0
# Token and userinfo answers are a few KiB; the largest real ones (many scopes, a signed id_token) stay below 32.
MAX_ANSWER_BYTES = 256 * 1024
DEADLINE = "wren_deadline"
"""The extension of a request that carries its deadline, by `time.monotonic`, where several requests share one."""

TIMEOUT = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)

_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_OF_THE_BODY_AS_SENT = frozenset({"transfer-encoding", "content-encoding", "content-length"})


class AnswerTooLarge(httpx2.TransportError):
    """The answer is larger than any real one."""


class AnswerUnreadable(httpx2.TransportError):
    """The answer is compressed in a way that the request did not allow and that is not known here."""


class BoundedTransport(httpx2.BaseTransport):
    """Reads every answer whole, up to a size and a moment. Shared between clients, so closing one leaves it open."""

    def __init__(
        self,
        inner: httpx2.BaseTransport | None = None,
        *,
        max_bytes: int = MAX_ANSWER_BYTES,
        total_seconds: float = TOTAL_SECONDS,
    ) -> None:
        # No connection is kept: a refresh sent into one that just closed would be lost, and with it a refresh token.
        self._inner = inner or httpx2.HTTPTransport(limits=httpx2.Limits(max_keepalive_connections=0))
        self._max_bytes = max_bytes
        self.total_seconds = total_seconds

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request and return the answer with its body read."""
        deadline = min(request.extensions.get(DEADLINE, float("inf")), time.monotonic() + self.total_seconds)
        request.headers["Accept-Encoding"] = "identity"
        return BoundedCall(request, deadline).run(self._exchange)

    def dispose(self) -> None:
        """Close the connections; at the end of the process."""
        self._inner.close()

    def _exchange(self, request: httpx2.Request, deadline: float) -> httpx2.Response:
        response = self._inner.handle_request(request)
        try:
            content = self._unpack(self._read(response, request, deadline), response, request)
        finally:
            response.close()
        kept = [(key, text) for key, text in response.headers.multi_items() if key.lower() not in _OF_THE_BODY_AS_SENT]
        return httpx2.Response(response.status_code, headers=kept, content=content, request=request)

    def _read(self, response: httpx2.Response, request: httpx2.Request, deadline: float) -> bytes:
        if not isinstance(response.stream, httpx2.SyncByteStream):
            raise TypeError("the transport below must be a synchronous one")
        content = bytearray()
        for chunk in response.stream:
            content += chunk
            if len(content) > self._max_bytes:
                raise AnswerTooLarge(f"the answer is larger than {self._max_bytes} bytes", request=request)
            if time.monotonic() > deadline:
                raise httpx2.ReadTimeout("the answer did not end in time", request=request)
        return bytes(content)

    def _unpack(self, content: bytes, response: httpx2.Response, request: httpx2.Request) -> bytes:
        """Return the body as written. Some servers compress unasked; a small answer must not unpack to a large one."""
        encoding = response.headers.get("content-encoding", "identity").strip().lower()
        if encoding in {"", "identity"} or not content:
            return content
        if encoding not in {"gzip", "x-gzip", "deflate"}:
            raise AnswerUnreadable(f"the answer is compressed as {encoding[:20]!r}", request=request)
        try:
            unpacked = zlib.decompressobj(_GZIP_OR_ZLIB).decompress(content, self._max_bytes + 1)
        except zlib.error as exc:
            raise AnswerUnreadable("the answer is compressed, and damaged", request=request) from exc
        if len(unpacked) > self._max_bytes:
            raise AnswerTooLarge(f"the answer is larger than {self._max_bytes} bytes", request=request)
        return unpacked
