"""The outermost layer of the app: refuses requests before their body is read, and answers when the app fails."""

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from wren_backend.http.errors import error_response, unexpected_error
from wren_backend.metrics import Metrics
from wren_backend.tenancy.errors import MissingObject
from wren_core.errors import AgentFixableError

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class HttpGuard:
    """ASGI middleware: a limit on the body while it streams in, JSON only under `/v1`; counts and times requests."""

    def __init__(self, app: ASGIApp, *, max_body_bytes: int, metrics: Metrics) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with an error."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        count = partial(self._count, scope, time.perf_counter())
        exchange = _Exchange(receive=receive, send=send, max_body_bytes=self.max_body_bytes, count=count)
        refusal = self._refusal(scope)
        if refusal is None:
            await self._pass_on(scope, exchange)
            refusal = _too_large(self.max_body_bytes) if exchange.exceeded else None
        if refusal is not None and not exchange.has_begun:
            await error_response(refusal)(scope, receive, exchange.send_counted)

    async def _pass_on(self, scope: Scope, exchange: "_Exchange") -> None:
        try:
            with suppress(ClientDisconnect):  # caused by the limit, or by a client that waits for no answer
                await self.app(scope, exchange.receive_limited, exchange.send_on)
        except Exception as exc:
            if exchange.has_begun:  # too late for another answer: the server cuts this one off and logs it
                raise
            await unexpected_error(scope["path"], exc)(scope, exchange.receive_limited, exchange.send_on)

    def _count(self, scope: Scope, started: float, status: int) -> None:
        self.metrics.requests.labels(status=str(status)).inc()
        route = getattr(scope.get("route"), "path", None)
        if route is not None:  # unmatched requests could have any path and method
            seconds = self.metrics.request_seconds.labels(method=scope["method"], route=route)
            seconds.observe(time.perf_counter() - started)

    def _refusal(self, scope: Scope) -> AgentFixableError | None:
        if "\x00" in scope["path"]:
            return MissingObject("there is nothing at this address")  # PostgreSQL cannot look it up
        headers = {key: value.decode("latin-1") for key, value in scope["headers"]}
        length = headers.get(b"content-length", "0")
        if length.isdecimal() and int(length) > self.max_body_bytes:
            return _too_large(self.max_body_bytes)
        has_body = length != "0" or b"transfer-encoding" in headers
        if scope["method"] not in _WITH_BODY or not scope["path"].startswith("/v1/") or not has_body:
            return None
        content_type = headers.get(b"content-type", "").split(";")[0].strip().lower()
        if content_type == "application/json":
            return None
        return AgentFixableError(
            f"send application/json, not {content_type or 'a body without a content type'}",
            code="CONTENT_TYPE_UNSUPPORTED",
        )


class _Exchange:
    """One request and its answer. Past the limit the body ends, and the app's answer to that is not sent."""

    def __init__(self, *, receive: Receive, send: Send, max_body_bytes: int, count: Callable[[int], None]) -> None:
        self._receive = receive
        self._send = send
        self._left = max_body_bytes
        self._count = count
        self.exceeded = False
        self.has_begun = False

    async def receive_limited(self) -> Message:
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        if self._left >= 0:
            return message
        self.exceeded = True
        return {"type": "http.disconnect"}  # a shortened body could still parse, and be acted on

    async def send_on(self, message: Message) -> None:
        if not self.exceeded:
            await self.send_counted(message)

    async def send_counted(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            self._count(message["status"])  # before it is sent: a client with the answer finds it there
        await self._send(message)


def _too_large(max_body_bytes: int) -> AgentFixableError:
    return AgentFixableError(f"the body is larger than {max_body_bytes} bytes", code="BODY_TOO_LARGE")
