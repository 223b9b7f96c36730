"""A stateful fake of a web API: an ASGI app with routes, a request log and faults on demand.

An integration ships one (entry-point group `wren.fakes`), so that its tests and the demo need no network and no
account. A fake keeps state: what a client sends, a client can read again. `credentials`, `configuration`,
`example_values` and `limit_pages` tell a program how to call the integration against its fake.
"""

import asyncio
import inspect
import json
import re
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Handler = Callable[[Any, "FakeRequest"], Any]

_ROUTE = "__wren_fake_route__"


@dataclass(frozen=True, kw_only=True)
class FakeRequest:
    """One request, as a handler gets it."""

    method: str
    path: str
    params: dict[str, str] = field(default_factory=dict)
    """Values of the `{name}` parts of the route."""
    query_all: dict[str, list[str]] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""

    @property
    def query(self) -> dict[str, str]:
        """First value of each query parameter."""
        return {name: values[0] for name, values in self.query_all.items()}

    @property
    def token(self) -> str | None:
        """The bearer token; None where there is none."""
        scheme, _, value = self.headers.get("authorization", "").partition(" ")
        return value if scheme.lower() == "bearer" and value else None

    def json(self) -> Any:
        """The body as JSON; an empty body is an empty object."""
        return json.loads(self.body or b"{}")

    def form(self) -> dict[str, str]:
        """The body as URL-encoded form fields, first value each."""
        parsed = parse_qs(self.body.decode(), keep_blank_values=True)
        return {name: values[0] for name, values in parsed.items()}


@dataclass(frozen=True, kw_only=True)
class Chunks:
    """A body that is sent in several pieces."""

    parts: Sequence[str]
    content_type: str = "text/event-stream"
    is_cut: bool = False
    """Whether the connection breaks after the last part."""


@dataclass(frozen=True, kw_only=True)
class FakeResponse:
    """One response; `body` is JSON unless it is text, bytes or `Chunks`."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> tuple[bytes, str]:
        """Return the body's bytes and their content type."""
        if isinstance(self.body, bytes):
            return self.body, "application/octet-stream"
        if isinstance(self.body, str):
            return self.body.encode(), "text/html; charset=utf-8"
        return (b"" if self.body is None else json.dumps(self.body).encode()), "application/json"


@dataclass(kw_only=True)
class _Fault:
    path: str
    left: int
    response: FakeResponse | None = None
    """The response to send instead; None for no response."""
    seconds: float | None = None
    """The delay of the response; None closes the connection at once."""


def route(method: str, path: str) -> Callable[[Handler], Handler]:
    """Answer `method` on `path` with the decorated function; `{name}` matches one path segment, `{name*}` the rest.

    The function takes a `FakeRequest` and returns a `FakeResponse`, or a JSON value for a plain 200.
    """
    parts = re.sub(r"\\{(\w+)\\\*\\}", r"(?P<\1>.+)", re.escape(path))
    pattern = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", parts))

    def mark(handler: Handler) -> Handler:
        marks: list[tuple[str, re.Pattern[str]]] = [*getattr(handler, _ROUTE, []), (method.upper(), pattern)]
        setattr(handler, _ROUTE, marks)
        return handler

    return mark


class FakeProvider:
    """Base class of fake web APIs. Subclass it and mark methods with `@route`; state lives in plain attributes.

    Handlers run one at a time, so they need no locks.
    """

    name: ClassVar[str] = "fake"

    def __init__(self) -> None:
        self.requests: list[FakeRequest] = []
        self.issuer: Callable[[list[str]], dict[str, str]] | None = None
        """Issues credentials with the given scopes; a `FakeOAuth` on this provider sets it."""
        self._faults: list[_Fault] = []
        self._silences: list[_Fault] = []
        self._may_fail: Callable[[FakeRequest], bool] = lambda _: True
        self._lock = threading.Lock()
        self._routes: list[tuple[str, re.Pattern[str], Callable[[FakeRequest], Any]]] = []
        self.mount(self)

    def mount(self, owner: object) -> None:
        """Add the routes of another object; where two routes match a request, the first one handles it."""
        names = dict.fromkeys(name for cls in reversed(type(owner).__mro__) for name in vars(cls))
        for name in names:
            function = inspect.getattr_static(owner, name)
            for method, pattern in getattr(function, _ROUTE, []):
                self._routes.append((method, pattern, function.__get__(owner)))

    def fail_next(
        self, status: int, *, times: int = 1, path: str = "", headers: Mapping[str, str] | None = None, body: Any = None
    ) -> None:
        """Answer the next `times` requests whose path contains `path` with `status` and nothing else."""
        body = {"error": f"fault {status}"} if body is None else body
        response = FakeResponse(status=status, headers=dict(headers or {}), body=body)
        self._faults.append(_Fault(response=response, path=path, left=times))

    def delay_next(self, seconds: float, *, times: int = 1, path: str = "") -> None:
        """Delay the responses to the next `times` requests whose path contains `path` by `seconds`."""
        self._silences.append(_Fault(seconds=seconds, path=path, left=times))

    def drop_next(self, *, times: int = 1, path: str = "") -> None:
        """Close the connection of the next `times` requests without a response; needs `wren_core.testing.serve`."""
        self._silences.append(_Fault(path=path, left=times))

    def limit_faults(self, may_fail: Callable[[FakeRequest], bool]) -> None:
        """Fail only the requests that `may_fail` accepts, until the faults end: where one path has many operations."""
        self._may_fail = may_fail

    def end_faults(self) -> None:
        """Cancel all faults that are left."""
        self._may_fail = lambda _: True
        self._faults.clear()
        self._silences.clear()

    def handle(self, request: FakeRequest) -> FakeResponse:
        """Return the response to one request; the ASGI app calls it."""
        with self._lock:
            self.requests.append(request)
            return self._answer(request)

    def configuration(self, url: str) -> dict[str, Any]:  # noqa: ARG002 - for subclasses
        """Return the configuration that points the integration at `url`; empty where `base_url` is enough."""
        return {}

    def credentials(self) -> dict[str, str]:
        """Return credential values that this fake accepts; override it where it needs some."""
        return {}

    def example_values(self) -> dict[str, Any]:
        """Return values for the names in the integration's examples: `{"posted.ts": "171.2", "mail.id": "m1"}`.

        It is called once on a new fake, and may create the objects that the examples need.
        """
        return {}

    def limit_pages(self, size: int) -> bool:
        """Put at most `size` items on a page of any listing; return False where this fake has no pages.

        Sets the attribute `page_size`, if there is one; override it where that is not enough.
        """
        if not hasattr(self, "page_size"):
            return False
        self.page_size = size
        return True

    def refusal(self, request: FakeRequest) -> FakeResponse | None:  # noqa: ARG002 - for subclasses
        """Return the response to a request that no route may handle, or None; override it to require credentials."""
        return None

    def not_found(self, request: FakeRequest) -> FakeResponse:
        """Return the response to a request that no route matches; override it for the provider's format."""
        return FakeResponse(status=404, body={"error": f"no route {request.method} {request.path}"})

    def _answer(self, request: FakeRequest) -> FakeResponse:
        fault = _take_fault(self._faults, request) if self._may_fail(request) else None
        if fault is not None and fault.response is not None:
            return fault.response
        return self.refusal(request) or self._dispatch(request)

    def _dispatch(self, request: FakeRequest) -> FakeResponse:
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                values = {**request.__dict__, "params": match.groupdict()}
                answer = handler(FakeRequest(**values))
                return answer if isinstance(answer, FakeResponse) else FakeResponse(body=answer)
        return self.not_found(request)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Handle one ASGI call."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        request = FakeRequest(
            method=scope["method"],
            path=scope["path"],
            query_all=parse_qs(scope["query_string"].decode(), keep_blank_values=True),
            headers={key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]},
            body=await _body(receive),
        )
        silence = _take_fault(self._silences, request) if self._may_fail(request) else None
        if silence is None:
            response = self.handle(request)
        else:
            self.requests.append(request)
            if await _client_left(silence.seconds, receive, send):
                return
            with self._lock:
                response = self._answer(request)
        if isinstance(response.body, Chunks):
            await _stream(response, response.body, receive, send)
            return
        body, content_type = response.encoded()
        headers = {"content-type": content_type, "content-length": str(len(body)), **response.headers}
        await send(_start(response.status, headers))
        await send({"type": "http.response.body", "body": body})


def _start(status: int, headers: Mapping[str, str]) -> dict[str, Any]:
    raw = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": raw}


async def _stream(response: FakeResponse, body: Chunks, receive: Receive, send: Send) -> None:
    await send(_start(response.status, {"content-type": body.content_type, **response.headers}))
    for part in body.parts:
        await send({"type": "http.response.body", "body": part.encode(), "more_body": True})
    if not body.is_cut:
        await send({"type": "http.response.body", "body": b""})
        return
    _transport_of(send).close()
    while (await receive())["type"] != "http.disconnect":
        pass


def _take_fault(faults: list[_Fault], request: FakeRequest) -> _Fault | None:
    fault = next((item for item in faults if item.left and item.path in request.path), None)
    if fault is not None:
        fault.left -= 1
    return fault


async def _client_left(seconds: float | None, receive: Receive, send: Send) -> bool:
    """Wait `seconds`, or close the connection at once for None; return whether the client left."""
    if seconds is None:
        _transport_of(send).abort()
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


def _transport_of(send: Send) -> Any:
    """Return the server's connection from behind its `send` function: ASGI has no way to close it."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        raise RuntimeError("this server cannot close a connection; serve the fake with wren_core.testing.serve")
    return transport


async def _body(receive: Receive) -> bytes:
    chunks: list[bytes] = []
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(chunks)


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
