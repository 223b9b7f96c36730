"""A fake of a provider without HTTP: its own server on a loopback port, with one thread for each client.

`FakeProvider` is for web APIs; this is for mail servers, databases and every other protocol. `serve` takes both.
"""

import contextlib
import socket
import threading
from typing import Any, BinaryIO, ClassVar, cast

from wren_core.testing.patience import patience

_STOP_SECONDS = 5.0


class FakeTcpProvider:
    """Base class of fakes without HTTP. Subclass it and write `handle_client`; state lives in plain attributes.

    Hold `self.lock` while you change state: clients are served in parallel.

    Example:
        class FakeEcho(FakeTcpProvider):
            name, scheme = "echo", "echo"

            def handle_client(self, stream: BinaryIO) -> None:
                for line in stream:
                    stream.write(line)
                    stream.flush()
    """

    name: ClassVar[str] = "fake"
    scheme: ClassVar[str] = "tcp"
    """The scheme of the URL that `start` returns."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.connections = 0
        """The number of clients that connected."""
        self._silences: list[float | None] = []
        self._silence_over = threading.Event()
        self._listener: socket.socket | None = None
        self._clients: dict[socket.socket, threading.Thread] = {}

    def handle_client(self, stream: BinaryIO) -> None:
        """Serve one client until it leaves; the connection is closed when this returns."""
        raise NotImplementedError(f"{type(self).__name__}.handle_client is missing")

    def configuration(self, url: str) -> dict[str, Any]:  # noqa: ARG002 - for subclasses
        """Return the configuration that points the integration at this fake, served at `url`."""
        return {}

    def credentials(self) -> dict[str, str]:
        """Return credential values that this fake accepts."""
        return {}

    def example_values(self) -> dict[str, Any]:
        """Return values for the names in the integration's examples; see `FakeProvider.example_values`."""
        return {}

    def delay_next(self, seconds: float, *, times: int = 1) -> None:
        """Wait `seconds` before the next `times` clients are served."""
        self._silences += [seconds] * times

    def drop_next(self, *, times: int = 1) -> None:
        """Close the connections of the next `times` clients at once."""
        self._silences += [None] * times

    def answer_status(self, status: int, *, times: int = 1) -> bool:  # noqa: ARG002 - for subclasses
        """Answer the next `times` requests with what the protocol has for an HTTP status; False where it has nothing.

        The statuses are 401 (wrong credential), 403 (refused), 429 (too many requests), 500 and 503 (failure). Override
        it to prove the rules about them, and clear it in `end_faults`.
        """
        return False

    def end_faults(self) -> None:
        """Serve as usual again, including the clients that wait."""
        self._silences.clear()
        over, self._silence_over = self._silence_over, threading.Event()
        over.set()

    def start(self, *, port: int = 0) -> str:
        """Listen on a loopback port, a free one where 0 is given, and return the URL."""
        listener = self._listener = socket.create_server(("127.0.0.1", port))
        name = f"wren-fake-{self.name}"
        self._acceptor = threading.Thread(target=self._accept, args=(listener,), name=name, daemon=True)
        self._acceptor.start()
        return f"{self.scheme}://127.0.0.1:{listener.getsockname()[1]}"

    def stop(self) -> None:
        """Stop listening and close every connection."""
        self.end_faults()
        listener, self._listener = self._listener, None
        if listener is not None:
            _close(listener)
            self._acceptor.join(patience(_STOP_SECONDS))
        with self.lock:
            clients = dict(self._clients)
        for client, thread in clients.items():
            _close(client)
            thread.join(patience(_STOP_SECONDS))

    def drop_clients(self) -> None:
        """Cut every open connection, as a server that restarts does; new ones are served."""
        with self.lock:
            clients = list(self._clients)
        for client in clients:
            _close(client)

    def _accept(self, listener: socket.socket) -> None:
        with contextlib.suppress(OSError):  # accept fails when the listener is closed
            while True:
                client, _ = listener.accept()
                thread = threading.Thread(target=self._serve, args=(client,), name="wren-fake-client", daemon=True)
                with self.lock:
                    self.connections += 1
                    self._clients[client] = thread
                thread.start()

    def _serve(self, client: socket.socket) -> None:
        try:
            # A client may leave at any time.
            with contextlib.suppress(OSError, EOFError), client.makefile("rwb") as stream:
                if self._wait_for_turn():
                    self.handle_client(cast("BinaryIO", stream))
        finally:
            with self.lock:
                self._clients.pop(client, None)
            client.close()

    def _wait_for_turn(self) -> bool:
        """Wait as long as `delay_next` asked for; return False for a client that `drop_next` refuses."""
        with self.lock:
            seconds, over = self._silences.pop(0) if self._silences else 0.0, self._silence_over
        if seconds:
            over.wait(seconds)
        return seconds is not None


def _close(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # the client closed it first
        connection.shutdown(socket.SHUT_RDWR)
    connection.close()
