"""The runner's channel to the worker: frames out, a job and replies in, one JSON document per line.

It arrives as descriptor 0, since a sandbox closes all but the standard three. The runner moves it to a descriptor
that no child process inherits, and gives the script an empty standard input.
"""

import os
import socket
import threading
from collections.abc import Mapping
from queue import SimpleQueue
from typing import Any

from wren_core.errors import AgentFixableError, HostUnavailable, error_from_wire
from wren_core.protocol.calls import CallRecord
from wren_core.protocol.frames import CallFrame, Frame, LineTooLarge, ReplyFrame, RequestFrame, encode_frame, read_reply


class Channel:
    """One connection to a worker; any thread may send."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._incoming = connection.makefile("rb")
        self._lock = threading.Lock()
        self._owner = os.getpid()

    @classmethod
    def from_stdin(cls) -> "Channel":
        """Take descriptor 0, and leave /dev/null in its place."""
        connection = socket.socket(fileno=os.dup(0))  # dup makes it close-on-exec
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.close(null)
        return cls(connection)

    @property
    def is_ours(self) -> bool:
        """Tell whether this process opened the channel: after a fork, two processes would write to it."""
        return os.getpid() == self._owner

    def receive_line(self) -> bytes:
        """Return the next line of the worker.

        Raises:
            EOFError: the worker closed the channel.
        """
        line = self._incoming.readline()
        if not line.endswith(b"\n"):
            raise EOFError("the channel is closed")
        return line

    def send(self, frame: Frame) -> None:
        """Send one frame.

        Raises:
            LineTooLarge: its line would exceed 1 MiB.
            TypeError, ValueError: it has no JSON form.
        """
        line = encode_frame(frame)
        with self._lock:
            self._connection.sendall(line)


class ChannelHost:
    """Forwards an integration's requests to the worker; any thread may send one, and gets its own answer."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._lock = threading.Lock()
        self._waiting: dict[int, SimpleQueue[ReplyFrame]] = {}
        self._last_id = 0
        self._reader: threading.Thread | None = None
        self._is_closed = False

    def request(self, operation: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Ask the worker and wait for its answer.

        Raises:
            WrenError: the worker's error.
            HostUnavailable: the worker is gone, or this is a forked child of the script.
        """
        if not self._channel.is_ours:
            raise HostUnavailable(f"{operation!r} works only in the script's own process, not in a child process")
        request_id, answer = self._register()
        try:
            self._channel.send(RequestFrame(id=request_id, operation=operation, payload=dict(payload)))
            reply = answer.get()
        except LineTooLarge as exc:
            raise AgentFixableError(f"{operation}: the payload is too large: {exc}", code="PAYLOAD_TOO_LARGE") from exc
        except OSError as exc:
            raise HostUnavailable(f"{operation!r} could not be sent: {exc}") from exc
        finally:
            self._waiting.pop(request_id, None)
        return _result(operation, reply)

    def _register(self) -> tuple[int, SimpleQueue[ReplyFrame]]:
        with self._lock:
            if self._is_closed:
                raise HostUnavailable("the worker closed the channel")
            self._last_id += 1
            self._waiting[self._last_id] = SimpleQueue()
            if self._reader is None:
                self._reader = threading.Thread(target=self._read_replies, name="wren-channel", daemon=True)
                self._reader.start()
            return self._last_id, self._waiting[self._last_id]

    def _read_replies(self) -> None:
        while True:
            try:
                reply = read_reply(self._channel.receive_line())
            except (OSError, EOFError, ValueError):
                break
            waiter = self._waiting.get(reply.id)
            if waiter is not None:
                waiter.put(reply)
        with self._lock:
            self._is_closed = True
            error = HostUnavailable("the worker closed the channel").to_wire()
            for request_id, waiter in self._waiting.items():
                waiter.put(ReplyFrame(id=request_id, error=error))


class ChannelObserver:
    """Reports every call of a script to the worker."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel

    def __call__(self, record: CallRecord) -> None:
        """Send a call frame; calls in a forked child of the script are not reported."""
        if self._channel.is_ours:
            self._channel.send(CallFrame(call=record))


def _result(operation: str, reply: ReplyFrame) -> dict[str, Any]:
    if reply.error is not None:
        raise error_from_wire(reply.error)
    if not isinstance(reply.result, dict):
        raise HostUnavailable(f"the answer to {operation!r} has no result")
    return reply.result
