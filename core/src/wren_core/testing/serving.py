"""Serve a fake on a loopback port for the length of a `with` block."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from wren_core.testing.fake_server import TcpFake

_STOP_SECONDS = 10.0


class FakeStage:
    """An ASGI app that hands every request to the fake of the moment: one server serves the fakes of many tests.

    Example:
        @pytest.fixture(scope="session")
        def stage():
            stage = FakeStage()
            with serve(stage) as stage.url:
                yield stage

        @pytest.fixture
        def fake(stage):
            stage.fake = FakeChat()
            return stage.fake
    """

    fake: Any = None
    url: str = ""
    """Where it is served."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Speak ASGI, as the fake of the moment."""
        await self.fake(scope, receive, send)


@contextmanager
def serve(fake: Any, *, port: int = 0) -> Iterator[str]:
    """Yield the URL of a fake that runs in threads: `http://127.0.0.1:49152`, or the scheme of a `TcpFake`.

    An ASGI app, which every `FakeProvider` is, needs the extra `wren-core[testing]`. Port 0 picks a free one.
    """
    if isinstance(fake, TcpFake):
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
    # Inherited by every connection: head and body of an answer are two writes, and the second would wait 40 ms for the
    # client's acknowledgement of the first.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, args=([listener],), name="wren-fake-provider", daemon=True)
    thread.start()
    try:
        # The socket listens already: whatever connects now is answered as soon as the server runs.
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)
        listener.close()
