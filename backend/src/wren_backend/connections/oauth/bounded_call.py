"""One HTTP request with a limit on its whole duration.

The timeouts of an HTTP client are pauses between two pieces: a server that sends one byte of a header in each of them
holds a request for as long as it likes. Here a thread performs the request; at the deadline its socket is shut down,
which ends the thread, and the caller goes on.
"""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

import httpx2

Perform = Callable[[httpx2.Request, float], httpx2.Response]


class BoundedCall:
    """Performs one request, once."""

    def __init__(self, request: httpx2.Request, deadline: float) -> None:
        self._request = request
        self._deadline = deadline
        self._socket: socket.socket | None = None
        self._lock = threading.Lock()

    def run(self, perform: Perform) -> httpx2.Response:
        """Return what `perform` returns.

        Raises:
            httpx2.ReadTimeout: it did not end by the deadline. What was sent by then may have been done.
        """
        request = self._request
        request.extensions = {**request.extensions, "trace": self._watch}
        answer: Future[httpx2.Response] = Future()
        thread = threading.Thread(target=self._work, args=(perform, answer), name="wren-provider", daemon=True)
        thread.start()
        try:
            return answer.result(timeout=max(0.0, self._deadline - time.monotonic()))
        except TimeoutError:
            self._shut_down()
            raise httpx2.ReadTimeout("the answer did not end in time", request=request) from None

    def _work(self, perform: Perform, answer: "Future[httpx2.Response]") -> None:
        try:
            answer.set_result(perform(self._request, self._deadline))
        except BaseException as exc:  # noqa: BLE001 - the caller raises it
            answer.set_exception(exc)

    def _watch(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the socket; called by the HTTP library before and after each of its steps."""
        if time.monotonic() > self._deadline:  # the caller is gone: above all, send nothing any more
            raise httpx2.ReadTimeout("the request did not end in time", request=self._request)
        if event in {"connection.connect_tcp.complete", "connection.start_tls.complete"}:
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")

    def _shut_down(self) -> None:
        with self._lock:
            if self._socket is not None:
                with suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)
