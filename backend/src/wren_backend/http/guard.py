"""The outermost layer of the app: decides who may send what and when, reads bodies, and answers when the app fails.

A request costs a stranger nothing but its head: under `/v1` the key is checked before the body is read, and what is
not sent to the end, in time and within its limit never reaches the app.
"""

import time
from collections.abc import Callable
from functools import partial

from anyio import CapacityLimiter, to_thread
from starlette.types import ASGIApp, Receive, Scope, Send

from wren_backend.http.auth import key_of_header, refuse_key_in_url
from wren_backend.http.bodies import BodyBudget, ClientGone, body_too_large, read_body
from wren_backend.http.errors import Unauthenticated, error_response, unexpected_error
from wren_backend.http.exchange import Exchange
from wren_backend.http.json_shape import check_json
from wren_backend.http.limits import HttpLimits
from wren_backend.http.refusals import check_content_type, check_framing, check_path
from wren_backend.http.turns import TooManyRequests, Turns
from wren_backend.metrics import Metrics
from wren_backend.tenancy.auth import Subject, has_key_form
from wren_core.errors import WrenError

API = "/v1/"
DEPLOY = "/v1/scripts/deploy"
# Answered whatever else is going on: it tells that the process is alive, and needs no thread.
_ALWAYS = "/healthz"
_PAGE_BYTES = 128 * 2**10
_KEY_THREADS = 8


class HttpGuard:
    """ASGI middleware around the whole app.

    Args:
        app: what is guarded.
        limits: of the HTTP server.
        script_body_bytes: the largest body that deploys a script.
        metrics: count and time requests.
        authenticate: returns the subject of an API key; called in a thread.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        limits: HttpLimits,
        script_body_bytes: int,
        metrics: Metrics,
        authenticate: Callable[[str], Subject | None],
    ) -> None:
        self.app = app
        self._limits = limits
        self._script_body_bytes = script_body_bytes
        self._metrics = metrics
        self._authenticate = authenticate
        self._bodies = BodyBudget(limits.bodies_bytes, largest=script_body_bytes)
        self._key_threads = CapacityLimiter(_KEY_THREADS)
        self._keys = Turns(
            each=_KEY_THREADS // 2, total=_KEY_THREADS, waiting=limits.waiting, what="requests with a key to check"
        )
        self._requests = Turns(
            each=limits.requests_per_workspace, total=limits.requests, waiting=limits.waiting, what="requests"
        )
        self._deploys = Turns(
            each=limits.deploys_per_workspace, total=limits.deploys, waiting=limits.deploys_waiting, what="deploys"
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with an error."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        exchange = Exchange(scope, receive, send, count=partial(self._count, scope, time.perf_counter()))
        try:
            await self._admit(scope, exchange)
        except ClientGone:
            return
        except WrenError as exc:
            _forget_owner(scope)
            await error_response(exc)(scope, exchange.receive, exchange.send_last)

    async def _admit(self, scope: Scope, exchange: Exchange) -> None:
        check_path(scope)
        check_framing(scope)
        if scope["path"] == _ALWAYS and not exchange.has_body:
            await self._pass_on(scope, exchange)
            return
        owner = _address_of(scope)
        if scope["path"].startswith(API):
            subject = await self._find_subject(scope, exchange, owner)
            scope.setdefault("state", {})["subject"] = subject
            owner = subject.workspace_id
            _note_owner(scope, owner)
            check_content_type(scope, exchange)
        limit = self._body_limit(scope["path"])
        if exchange.stated_length > limit:
            raise body_too_large(limit)
        await self._serve(scope, exchange, owner, limit)

    async def _serve(self, scope: Scope, exchange: Exchange, owner: str, limit: int) -> None:
        turns = self._deploys if scope["path"] == DEPLOY else self._requests
        with self._bodies.share(owner) as share:
            if exchange.has_body:  # before its turn: a body that drips in must not keep a turn from others
                seconds = self._limits.body_time.total_seconds()
                body = await read_body(exchange.receive, limit=limit, seconds=seconds, share=share)
                exchange.hold(body)
                if scope["path"].startswith(API):
                    check_json(body)
            async with turns.take(owner) as turn:
                exchange.on_stream = turn.give_back
                await self._pass_on(scope, exchange)

    async def _find_subject(self, scope: Scope, exchange: Exchange, address: str) -> Subject:
        """Return the subject of the request's key; a text that cannot be a key costs no look into the database."""
        refuse_key_in_url(scope)
        key = key_of_header(exchange.headers.get(b"authorization", ""))
        subject = None
        if has_key_form(key):
            _note_owner(scope, address)
            async with self._keys.take(address):
                subject = await to_thread.run_sync(self._authenticate, key, limiter=self._key_threads)
        if subject is None:
            raise Unauthenticated("the API key is missing, unknown, expired or revoked; run `wren login`")
        return subject

    def _body_limit(self, path: str) -> int:
        if path == DEPLOY:
            return self._script_body_bytes
        return self._limits.body_bytes if path.startswith(API) else _PAGE_BYTES

    async def _pass_on(self, scope: Scope, exchange: Exchange) -> None:
        try:
            await self.app(scope, exchange.receive_held, exchange.send)
        except Exception as exc:
            if exchange.has_begun:  # too late for another answer: the server cuts this one off and logs it
                raise
            await unexpected_error(scope["path"], exc)(scope, exchange.receive_held, exchange.send)

    def _count(self, scope: Scope, started: float, status: int) -> None:
        self._metrics.requests.labels(status=str(status)).inc()
        route = getattr(scope.get("route"), "path", None)
        if route is not None:  # unmatched requests could have any path and method
            seconds = self._metrics.request_seconds.labels(method=scope["method"], route=route)
            seconds.observe(time.perf_counter() - started)


def _address_of(scope: Scope) -> str:
    client = scope.get("client")
    return f"address {client[0]}" if client else "address"


def _note_owner(scope: Scope, owner: str) -> None:
    """Tell the connection whose request it carries."""
    connection = scope.get("state", {}).get("connection")
    if connection is not None and not connection.trust(owner):
        raise TooManyRequests("too many of your connections are open; close some, or try again later")


def _forget_owner(scope: Scope) -> None:
    """Tell the connection that its request is refused."""
    connection = scope.get("state", {}).get("connection")
    if connection is not None:
        connection.distrust()
