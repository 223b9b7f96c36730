"""The transport to providers: bounded in time and size, without redirects.

Provider addresses come from a plugin's spec or from the operator, never from a request; the answers are not trusted.
"""

import time

import httpx2

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 20.0
# Token and userinfo answers are a few KiB; the largest real ones (many scopes, a signed id_token) stay below 32.
MAX_ANSWER_BYTES = 256 * 1024

TIMEOUT = httpx2.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)


class AnswerTooLarge(httpx2.TransportError):
    """The answer is larger than any real one, or compressed although the request did not allow it."""


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
        self._total_seconds = total_seconds

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send the request and return the answer with its body read."""
        deadline = time.monotonic() + self._total_seconds
        request.headers["Accept-Encoding"] = "identity"  # a small answer must not unpack to a large one
        response = self._inner.handle_request(request)
        try:
            content = self._read(response, request, deadline)
        finally:
            response.close()
        headers = [(key, value) for key, value in response.headers.multi_items() if key.lower() != "transfer-encoding"]
        return httpx2.Response(response.status_code, headers=headers, content=content, request=request)

    def dispose(self) -> None:
        """Close the connections; at the end of the process."""
        self._inner.close()

    def _read(self, response: httpx2.Response, request: httpx2.Request, deadline: float) -> bytes:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise AnswerTooLarge("the answer is compressed, and the request did not allow it", request=request)
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
