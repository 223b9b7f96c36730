"""The worker's end of a run's channel: bytes in become frames, bytes out wait until the runner reads."""

import socket
import threading
from contextlib import suppress

from wren_backend.executor.launcher.line_buffer import LineBuffer, LineTooLong
from wren_core.protocol.frames import (
    MAX_FRAMES,
    MAX_LINE_BYTES,
    MAX_TOTAL_BYTES,
    Frame,
    ProtocolViolation,
    parse_frame,
)

_READ_BYTES = 65536
# Replies that a script does not read are not made.
_MOST_PENDING = MAX_LINE_BYTES


class FrameReader:
    """Turns the channel's bytes into frames; buffers at most one line."""

    def __init__(self, *, max_frames: int = MAX_FRAMES, max_bytes: int = MAX_TOTAL_BYTES) -> None:
        self._lines = LineBuffer(limit=MAX_LINE_BYTES)
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._bytes = 0
        self._frames = 0

    def feed(self, data: bytes) -> list[Frame]:
        """Return the frames that `data` completes.

        Raises:
            ProtocolViolation: on a line that is too long or not a frame, or on too many frames.
        """
        self._bytes += len(data)
        try:
            lines = self._lines.feed(data)
        except LineTooLong as exc:
            raise ProtocolViolation(str(exc)) from exc
        self._frames += len(lines)
        if self._frames > self._max_frames or self._bytes > self._max_bytes:
            raise ProtocolViolation(f"more than {self._max_frames} messages or {self._max_bytes} bytes of them")
        return [parse_frame(line) for line in lines]


class RunChannel:
    """Read and written by the one loop that owns it; any thread may `put`, and `wake` becomes readable when one did.

    Nothing blocks here: a script that never reads must not hold up a thread of the worker.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.connection.setblocking(False)
        self.wake, self._signal = socket.socketpair()
        self.wake.setblocking(False)
        self._signal.setblocking(False)
        self._reader = FrameReader()
        self._lock = threading.Lock()
        self._pending = bytearray()
        self._is_closed = False
        self._room = threading.Condition(self._lock)

    def put(self, data: bytes) -> None:
        """Add bytes to be written; they are dropped once the channel is closed."""
        with self._lock:
            if not self._is_closed:
                self._pending += data
                with suppress(BlockingIOError):  # full means that it is readable already
                    self._signal.send(b"\0")

    def put_in_turn(self, data: bytes) -> None:
        """Add bytes once the runner has read enough of the earlier ones; for a thread that may wait."""
        with self._room:
            self._room.wait_for(lambda: self._is_closed or len(self._pending) <= _MOST_PENDING)
        self.put(data)

    def take_wake(self) -> bool:
        """Clear the wake-up; tell whether there is something to write."""
        with self._lock:
            with suppress(BlockingIOError):
                self.wake.recv(4096)
            return bool(self._pending)

    def write(self) -> bool:
        """Write what the connection takes now; tell whether something is left. A closed connection takes everything."""
        with self._lock:
            try:
                sent = self.connection.send(self._pending) if self._pending else 0
            except BlockingIOError:
                sent = 0
            except OSError:
                sent = len(self._pending)
            del self._pending[:sent]
            self._room.notify()
            return bool(self._pending)

    def read(self) -> list[Frame] | None:
        """Return the frames that have arrived; None once the runner has closed its end.

        Raises:
            ProtocolViolation: the script tampered with the channel.
        """
        try:
            data = self.connection.recv(_READ_BYTES)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        return self._reader.feed(data) if data else None

    def close(self) -> None:
        """Drop what is not written yet."""
        with self._lock:
            self._is_closed = True
            self._pending.clear()
            self._room.notify()
            self.wake.close()
            self._signal.close()
        self.connection.close()
