"""Bytes on their way to the runner, written only as fast as it reads."""

import socket
import threading
from contextlib import suppress


class Outbox:
    """Filled by any thread, emptied by the loop that owns the channel; `wake` becomes readable when it got something.

    Nothing blocks here: a script that never reads must not hold up a thread of the worker.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pending = bytearray()
        self._is_closed = False
        self.wake, self._signal = socket.socketpair()
        self.wake.setblocking(False)
        self._signal.setblocking(False)

    def put(self, data: bytes) -> None:
        """Add bytes; they are dropped once the outbox is closed."""
        with self._lock:
            if not self._is_closed:
                self._pending += data
                with suppress(BlockingIOError):  # full means that it is readable already
                    self._signal.send(b"\0")

    def take_wake(self) -> bool:
        """Clear the wake-up; tell whether there is something to write."""
        with self._lock:
            with suppress(BlockingIOError):
                self.wake.recv(4096)
            return bool(self._pending)

    def write_to(self, channel: socket.socket) -> bool:
        """Write what the channel takes now; tell whether something is left. A dead channel takes everything."""
        with self._lock:
            try:
                sent = channel.send(self._pending) if self._pending else 0
            except BlockingIOError:
                sent = 0
            except OSError:
                sent = len(self._pending)
            del self._pending[:sent]
            return bool(self._pending)

    def close(self) -> None:
        """Drop what is left."""
        with self._lock:
            self._is_closed = True
            self._pending.clear()
            self.wake.close()
            self._signal.close()
