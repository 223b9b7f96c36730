"""A stand-in for a provider that speaks no HTTP: a server of its own on a loopback port, one thread a client.

What `FakeProvider` is for web APIs, this is for mail servers, databases and whatever else has a protocol of its own.
`serve` takes both.
"""

import contextlib
import socket
import threading
from typing import Any, BinaryIO, ClassVar, cast

_STOP_SECONDS = 5.0


class TcpFake:
    """Base of fakes with a protocol of their own. Subclass it and write `converse`; state lives in plain attributes.

    Hold `self.lock` while you change state: clients are served side by side.

    Example:
        class FakeEcho(TcpFake):
            name, scheme = "echo", "echo"

            def converse(self, stream: BinaryIO) -> None:
                for line in stream:
                    stream.write(line)
                    stream.flush()
    """

    name: ClassVar[str] = "fake"
    scheme: ClassVar[str] = "tcp"
    """Of the URL that `start` returns."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.connections = 0
        """How many clients came."""
        self._silences: list[float | None] = []
        self._silence_over = threading.Event()
        self._listener: socket.socket | None = None
        self._clients: dict[socket.socket, threading.Thread] = {}

    def converse(self, stream: BinaryIO) -> None:
        """Speak with one client until it leaves; returning closes the connection."""
        raise NotImplementedError(f"{type(self).__name__}.converse is not written")

    def configuration(self, url: str) -> dict[str, Any]:  # noqa: ARG002 - for subclasses
        """Return the configuration with which the integration finds this fake at `url`."""
        return {}

    def credentials(self) -> dict[str, str]:
        """Return credential values this fake accepts."""
        return {}

    def example_values(self) -> dict[str, Any]:
        """Return what the names in the integration's examples stand for; see `FakeProvider.example_values`."""
        return {}

    def delay_next(self, seconds: float, *, times: int = 1) -> None:
        """Say nothing to the next `times` clients for so long, then serve them."""
        self._silences += [seconds] * times

    def drop_next(self, *, times: int = 1) -> None:
        """Hang up on the next `times` clients."""
        self._silences += [None] * times

    def end_faults(self) -> None:
        """Serve as usual again, those who wait included."""
        self._silences.clear()
        over, self._silence_over = self._silence_over, threading.Event()
        over.set()

    def start(self, *, port: int = 0) -> str:
        """Listen on a loopback port, a free one where 0 is given, and return the URL."""
        listener = self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, args=(listener,), name=f"wren-fake-{self.name}", daemon=True).start()
        return f"{self.scheme}://127.0.0.1:{listener.getsockname()[1]}"

    def stop(self) -> None:
        """Stop listening and leave every client."""
        self.end_faults()
        listener, self._listener = self._listener, None
        if listener is not None:
            _leave(listener)
        with self.lock:
            clients = dict(self._clients)
        for client, thread in clients.items():
            _leave(client)
            thread.join(_STOP_SECONDS)

    def drop_clients(self) -> None:
        """Cut every open connection, as a server that restarts does; new ones are served."""
        with self.lock:
            clients = list(self._clients)
        for client in clients:
            _leave(client)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # what accept says when the listener is closed
            while True:
                client, _ = listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,), name="wren-fake-client", daemon=True)
                with self.lock:
                    self.connections += 1
                    self._clients[client] = thread
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        try:
            # A client that goes away is no failure of the fake.
            with contextlib.suppress(OSError, EOFError), client.makefile("rwb") as stream:
                if self._is_answered():
                    self.converse(cast("BinaryIO", stream))
        finally:
            with self.lock:
                self._clients.pop(client, None)
            client.close()

    def _is_answered(self) -> bool:
        """Wait as long as this client is to wait; tell whether it is served at all."""
        with self.lock:
            seconds, over = self._silences.pop(0) if self._silences else 0.0, self._silence_over
        if seconds:
            over.wait(seconds)
        return seconds is not None


def _leave(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the other side was faster
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
