"""Serve an ASGI app on a loopback port for the length of a `with` block."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_STOP_SECONDS = 10.0


@contextmanager
def serve(app: Any, *, port: int = 0) -> Iterator[str]:
    """Yield the URL, such as `http://127.0.0.1:49152`, of a server that runs in a thread.

    Needs the extra `wren-core[testing]`. Port 0 picks a free one.
    """
    import uvicorn  # here: an extra that only tests install

    listener = socket.create_server(("127.0.0.1", port))
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
