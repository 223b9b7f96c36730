"""A reverse proxy between Wren and a fake provider: it records every request and injects the faults that the fake
cannot produce."""

import http.client
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from fnmatch import fnmatchcase
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from servers.faults import Answer, Fault, FaultPlan
from wren_core.testing.patience import patience

# Headers of a single connection, so never passed on.
HOP_BY_HOP = {"connection", "content-length", "date", "host", "keep-alive", "server", "transfer-encoding"}


@dataclass(frozen=True, kw_only=True)
class Request:
    """A recorded request; `status` is the status of the response to the client, or None if there was none."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int | None


class Proxy:
    """A running proxy: its recorded requests and its faults."""

    def __init__(self, upstream: str) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.requests: list[Request] = []
        self.plan = FaultPlan()
        self.url = ""

    def inject(self, fault: Fault, *, path: str = "*", method: str | None = None, times: int | None = 1) -> None:
        """Apply a fault to the next requests of a path pattern; `times=None`: to all. The first match applies."""
        self.plan.add(fault, path=path, method=method, times=times)

    def seen(self, path: str = "*", *, method: str | None = None) -> list[Request]:
        """Return the recorded requests of a path pattern, oldest first."""
        return [r for r in list(self.requests) if fnmatchcase(r.path, path) and method in (None, r.method)]


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def __init__(self, proxy: Proxy) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.proxy = proxy

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore errors: tests disconnect clients on purpose."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"

    def relay(self) -> None:
        target = urlsplit(self.path)
        body = self._read_body()
        fault = self.server.proxy.plan.take(self.command, target.path)
        time.sleep(fault.seconds)
        if fault.until is not None:
            fault.until.wait(timeout=patience(60))
        answer = self._forward(body) if fault.reaches_upstream else None
        told = (fault.answer or answer) if fault.reaches_client else None
        self._record(target.path, target.query, body, told)
        if told is None:
            self.close_connection = True
        else:
            self._reply(told)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = relay

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(chunks)

    def _forward(self, body: bytes) -> Answer:
        connection = http.client.HTTPConnection(self.server.proxy.upstream, timeout=patience(60))
        try:
            connection.request(self.command, self.path, body or None, dict(_end_to_end_headers(self.headers)))
            response = connection.getresponse()
            return Answer(status=response.status, headers=_end_to_end_headers(response.headers), body=response.read())
        except (OSError, http.client.HTTPException) as error:
            return Answer(status=502, body=f"the upstream did not answer: {error}".encode())
        finally:
            connection.close()

    def _record(self, path: str, query: str, body: bytes, told: Answer | None) -> None:
        seen = Request(
            method=self.command,
            path=path,
            query=query,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            status=told.status if told else None,
        )
        self.server.proxy.requests.append(seen)

    def _reply(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        if answer.status not in (204, 304):
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is http.server's
        """Write no log to the terminal; `requests` is the log."""


def _end_to_end_headers(headers: Message) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in headers.items() if name.lower() not in HOP_BY_HOP)


@contextmanager
def proxy(upstream: str) -> Iterator[Proxy]:
    """Run a proxy in front of the upstream, on a free port of 127.0.0.1."""
    running = Proxy(upstream)
    with _Server(running) as server:
        running.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield running
        finally:
            server.shutdown()
            thread.join()
