"""Serve a fake on a loopback port during a `with` block."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wren_core.testing.patience import patience
from wren_core.testing.tcp_provider import FakeTcpProvider

_STOP_SECONDS = 10.0


class SharedFakeServer:
    """An ASGI app that passes every request to its current fake, so that one server serves the fakes of many tests.

    Example:
        @pytest.fixture(scope="session")
        def fake_server():
            server = SharedFakeServer()
            with serve(server) as server.url:
                yield server


        @pytest.fixture
        def fake(fake_server):
            fake_server.fake = FakeChat()
            return fake_server.fake
    """

    fake: Any = None
    url: str = ""
    """The address where it is served."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass a request to the current fake, by ASGI."""
        await self.fake(scope, receive, send)


@contextmanager
def serve(fake: Any, *, port: int = 0) -> Iterator[str]:
    """Yield the URL of a fake that runs in threads: `http://127.0.0.1:49152`, or the scheme of a `FakeTcpProvider`.

    An ASGI app, which every `FakeProvider` is, needs the extra `wren-core[testing]`. Port 0 picks a free one.
    """
    if isinstance(fake, FakeTcpProvider):
        try:
            yield fake.start(port=port)
        finally:
            fake.stop()
    else:
        with _serve_http(fake, port) as url:
            yield url


@contextmanager
def _serve_http(app: Any, port: int) -> Iterator[str]:
    import uvicorn  # here: an extra that only tests install

    listener = socket.create_server(("127.0.0.1", port))
    # Every connection inherits this: an answer is two writes, and without it the second waits 40 ms for the client to
    # acknowledge the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="wren-fake-provider", daemon=True)
    thread.start()
    try:
        # The socket listens already: a client that connects now is answered as soon as the server runs.
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(patience(_STOP_SECONDS))
        listener.close()
