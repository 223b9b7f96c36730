"""One request and its answer, as the guard passes them between the server and the app."""

from collections.abc import Callable

from starlette.types import Message, Receive, Scope, Send

from wren_backend.http.bodies import discard_body

# How long a refused client may go on sending before its connection is closed.
_DISCARD_SECONDS = 5.0
_MAX_DIGITS = 18
_STREAM = b"text/event-stream"


class Exchange:
    """Gives the app the body that was read, and passes its answer on.

    Args:
        scope: the request.
        receive: the server's.
        send: the server's.
        count: gets the status when the answer begins.
    """

    def __init__(self, scope: Scope, receive: Receive, send: Send, *, count: Callable[[int], None]) -> None:
        self.headers: dict[bytes, str] = {name: value.decode("latin-1") for name, value in scope["headers"]}
        self.receive = receive
        self._send = send
        self._count = count
        self._body: bytes | None = b""
        self._is_body_read = not self.has_body
        self.has_begun = False
        self.on_stream: Callable[[], None] = lambda: None
        """Called when the answer turns out to be a stream, which may last for hours."""

    @property
    def has_body(self) -> bool:
        """Tell whether a body comes with the request."""
        return self.headers.get(b"content-length", "0") != "0" or b"transfer-encoding" in self.headers

    @property
    def stated_length(self) -> int:
        """Return the length of the body as its head states it; 0 where it does not."""
        # More digits than any body has are not worth converting.
        return int(self.headers.get(b"content-length", "0")[:_MAX_DIGITS])

    def hold(self, body: bytes) -> None:
        """Keep the body, which is complete, for the app."""
        self._body = body
        self._is_body_read = True

    async def receive_held(self) -> Message:
        """Return the body as one message, then what the server reports."""
        body, self._body = self._body, None
        if body is None:
            return await self.receive()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        """Pass a part of the answer on."""
        if message["type"] == "http.response.start":
            self.has_begun = True
            self._count(message["status"])  # before it is sent: a client with the answer finds it there
            if any(name == b"content-type" and value.startswith(_STREAM) for name, value in message["headers"]):
                self.on_stream()
        await self._send(message)

    async def send_last(self, message: Message) -> None:
        """Pass a part of a refusal on; before its end, let the client finish sending its body."""
        is_end = message["type"] == "http.response.body" and not message.get("more_body", False)
        if not is_end or self._is_body_read or self._waits_to_send:
            await self.send(message)
            return
        await self.send({**message, "more_body": True})
        await discard_body(self.receive, seconds=_DISCARD_SECONDS)
        await self.send({"type": "http.response.body", "body": b""})

    @property
    def _waits_to_send(self) -> bool:
        return self.headers.get(b"expect", "").lower() == "100-continue"
