"""Answers what a script asks its host, one request after the other, beside the loop that keeps the run's time."""

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from wren_backend.executor.frames import RequestFrame, encode_reply
from wren_backend.executor.masking import Masker
from wren_core.errors import InternalError, WrenError

ServeRequest = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""Performs one operation for a running script, `(operation, payload) -> result`; raises WrenError."""

MAX_WAITING = 64
_log = structlog.get_logger(__name__)


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
        """Queue a request; False when more wait than any honest script leaves waiting."""
        if self._waiting.qsize() >= MAX_WAITING:
            return False
        self._waiting.put(request)
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="wren-run-requests", daemon=True)
            self._thread.start()
        return True

    def close(self) -> None:
        """Serve nothing more; a request that is being served ends, and its reply goes nowhere."""
        while not self._waiting.empty():
            self._waiting.get()
        self._waiting.put(None)

    def _work(self) -> None:
        while (request := self._waiting.get()) is not None:
            self._send(self._reply(request))

    def _reply(self, request: RequestFrame) -> bytes:
        try:
            result = dict(self._serve(request.operation, request.payload))
            self._learn_secrets(request.operation, result)
            return encode_reply(request.id, result=result, error=None)
        except WrenError as exc:
            return encode_reply(request.id, result=None, error=exc.to_wire(self._correlation_id))
        except Exception:  # noqa: BLE001 - the script must get an answer, and must not see what broke here
            _log.exception("run.request_failed", operation=request.operation, correlation_id=self._correlation_id)
            error = InternalError(f"the platform could not serve {request.operation!r}")
            return encode_reply(request.id, result=None, error=error.to_wire(self._correlation_id))

    def _learn_secrets(self, operation: str, result: Mapping[str, Any]) -> None:
        """A renewed token is masked before the script can print it."""
        if operation == "credentials.refresh":
            self._masker.add(*(str(value) for value in dict(result.get("env", {})).values()))
