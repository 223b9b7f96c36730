"""Answers a script's requests, one after the other, in a separate thread that does not delay the run's deadline."""

import queue
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog

from wren_backend.executor.masking import Masker
from wren_core.errors import AgentFixableError, InternalError, WrenError
from wren_core.protocol.frames import LineTooLarge, ReplyFrame, RequestFrame, encode_frame

MAX_WAITING = 64
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Served:
    """The result of one operation, and the secrets in it, which are masked from now on."""

    result: Mapping[str, Any] = field(default_factory=dict, repr=False)
    secrets: tuple[str, ...] = field(default=(), repr=False)


ServeRequest = Callable[[str, Mapping[str, Any]], Served]
"""Performs one operation for a running script, `(operation, payload)`; raises WrenError."""


class RequestServer:
    """Serves the requests of one run and hands every reply to `send`; its thread starts with the first request."""

    def __init__(
        self, serve: ServeRequest, send: Callable[[bytes], None], *, masker: Masker, correlation_id: str
    ) -> None:
        self._serve = serve
        self._send = send
        self._masker = masker
        self._correlation_id = correlation_id
        self._waiting: queue.SimpleQueue[RequestFrame | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    def submit(self, request: RequestFrame) -> bool:
        """Queue a request; False when more requests wait than an honest script sends."""
        if self._waiting.qsize() >= MAX_WAITING:
            return False
        self._waiting.put(request)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="wren-run-requests", daemon=True)
            self._thread.start()
        return True

    def close(self) -> None:
        """Stop serving; a request in progress finishes, and its reply is dropped."""
        while not self._waiting.empty():
            self._waiting.get()
        self._waiting.put(None)

    def _work(self) -> None:
        while (request := self._waiting.get()) is not None:
            self._send(self._reply(request))

    def _reply(self, request: RequestFrame) -> bytes:
        try:
            served = self._serve(request.operation, request.payload)
            # Before the script gets them: it must not print a renewed token first.
            self._masker.add(*served.secrets)
            return encode_frame(ReplyFrame(id=request.id, result=dict(served.result)))
        except LineTooLarge:
            return self._refuse(request, AgentFixableError("the answer exceeds 1 MiB", code="REPLY_TOO_LARGE"))
        except WrenError as exc:
            return self._refuse(request, exc)
        except Exception:  # noqa: BLE001 - the script must get an answer, and must not see what broke here
            _log.exception("run.request_failed", operation=request.operation, correlation_id=self._correlation_id)
            return self._refuse(request, InternalError(f"the platform could not serve {request.operation!r}"))

    def _refuse(self, request: RequestFrame, error: WrenError) -> bytes:
        return encode_frame(ReplyFrame(id=request.id, error=error.to_wire(self._correlation_id)))
