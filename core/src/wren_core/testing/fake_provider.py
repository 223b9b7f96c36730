"""A stateful stand-in for a provider: an ASGI app with routes, a request log and failure knobs.

An integration ships one (entry-point group `wren.fakes`), so that its tests and the demo need no network and no
account. A fake keeps state: what is sent can be found again.
"""

import inspect
import json
import re
import threading
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qs

Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]
Handler = Callable[[Any, "FakeRequest"], Any]

_ROUTE = "__wren_fake_route__"


@dataclass(frozen=True, kw_only=True)
class FakeRequest:
    """One request as a handler sees it."""

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
        """The bearer token, if one was sent."""
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
class FakeResponse:
    """One answer; `body` is JSON unless it is text or bytes."""

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
    response: FakeResponse
    path: str
    left: int


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
    """Base of fake providers. Subclass it and mark functions with `@route`; state lives in plain attributes.

    Handlers run one at a time, so they need no locks.
    """

    name: ClassVar[str] = "fake"

    def __init__(self) -> None:
        self.requests: list[FakeRequest] = []
        self._faults: list[_Fault] = []
        self._lock = threading.Lock()
        self._routes: list[tuple[str, re.Pattern[str], Callable[[FakeRequest], Any]]] = []
        self.mount(self)

    def mount(self, owner: object) -> None:
        """Add the routes of another object; of two that match a request, the one written first answers."""
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

    def handle(self, request: FakeRequest) -> FakeResponse:
        """Answer one request; what the ASGI app calls."""
        with self._lock:
            self.requests.append(request)
            fault = next((item for item in self._faults if item.left and item.path in request.path), None)
            if fault is not None:
                fault.left -= 1
                return fault.response
            return self._dispatch(request)

    def not_found(self, request: FakeRequest) -> FakeResponse:
        """Answer a request no route matches; override it to speak the provider's dialect."""
        return FakeResponse(status=404, body={"error": f"no route {request.method} {request.path}"})

    def _dispatch(self, request: FakeRequest) -> FakeResponse:
        for method, pattern, handler in self._routes:
            match = pattern.fullmatch(request.path)
            if match and method == request.method:
                values = {**request.__dict__, "params": match.groupdict()}
                answer = handler(FakeRequest(**values))
                return answer if isinstance(answer, FakeResponse) else FakeResponse(body=answer)
        return self.not_found(request)

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Speak ASGI."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        response = self.handle(
            FakeRequest(
                method=scope["method"],
                path=scope["path"],
                query_all=parse_qs(scope["query_string"].decode(), keep_blank_values=True),
                headers={key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]},
                body=await _body(receive),
            )
        )
        body, content_type = response.encoded()
        headers = {"content-type": content_type, "content-length": str(len(body)), **response.headers}
        raw = [(key.encode("latin-1"), value.encode("latin-1")) for key, value in headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": raw})
        await send({"type": "http.response.body", "body": body})


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
