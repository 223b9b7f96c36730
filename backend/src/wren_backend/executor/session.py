"""One run from launch to last process, seen from the worker: a single loop over everything the run says."""

import json
import os
import selectors
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from wren_backend.executor.conversation import Conversation
from wren_backend.executor.frames import ProtocolViolation
from wren_backend.executor.launcher.lines import LineBuffer
from wren_backend.executor.output import OutputMeter, OutputStream
from wren_backend.executor.port import Launch, Limits
from wren_backend.executor.verdict import Evidence

IsCancelled = Callable[[], bool]

_READ_BYTES = 65536
_CANCEL_SECONDS = 0.1
# The launcher keeps the deadline; past this grace it counts as dead, and the worker ends it.
_GRACE_SECONDS = 2.0
# Once the launcher has gone, the pipes of its tree close at once; what keeps them open then is stuck in the kernel.
_DRAIN_SECONDS = 2.0


class Session:
    """Drives one Launch; when `run` returns, no process of it is left."""

    def __init__(self, launch: Launch, conversation: Conversation, *, streams: Mapping[int, OutputStream]) -> None:
        self._launch = launch
        self._conversation = conversation
        self._streams = streams
        self._control_lines = LineBuffer(limit=_READ_BYTES)
        self._selector = selectors.DefaultSelector()
        self._evidence = Evidence()
        self._until = 0.0

    def run(self, job: Mapping[str, Any], *, limits: Limits, meter: OutputMeter, is_cancelled: IsCancelled) -> Evidence:
        """Do one job and return what was seen of it."""
        self._until = time.monotonic() + limits.wall.total_seconds() + _GRACE_SECONDS
        try:
            self._open(job)
            while self._is_running():
                self._turn()
                self._check(meter, is_cancelled)
            for stream in self._streams.values():
                stream.close()
            self._evidence.answer = self._conversation.answer
            return self._evidence
        finally:
            self._close()

    def _open(self, job: Mapping[str, Any]) -> None:
        self._conversation.open(self._selector, job)
        self._selector.register(self._launch.control, selectors.EVENT_READ, lambda _: self._read_control())
        for descriptor in self._streams:
            self._selector.register(
                descriptor, selectors.EVENT_READ, lambda _, descriptor=descriptor: self._read_stream(descriptor)
            )

    def _is_running(self) -> bool:
        """Until the launcher has gone and everything is read to its end, or nothing moves any more."""
        is_guarded = self._launch.control in self._selector.get_map()
        if time.monotonic() < self._until:
            return bool(self._selector.get_map())
        if is_guarded and not self._evidence.ending:
            self._launch.process.kill()
            self._evidence.ending = {"event": "timeout"}
            self._until = time.monotonic() + _DRAIN_SECONDS
            return True
        return False

    def _turn(self) -> None:
        try:
            for key, events in self._selector.select(_CANCEL_SECONDS):
                key.data(events)
        except ProtocolViolation as exc:
            self._evidence.violation = str(exc)
            self._conversation.leave_loop()
            self._stop()

    def _check(self, meter: OutputMeter, is_cancelled: IsCancelled) -> None:
        if meter.is_over_budget and not self._evidence.output_over_budget:
            self._evidence.output_over_budget = True
            self._stop()
            self._stop_reading()
        if not self._evidence.cancelled and is_cancelled():
            self._evidence.cancelled = True
            self._stop()

    def _stop(self) -> None:
        """Ask the launcher to end the tree."""
        with suppress(OSError):
            self._launch.control.shutdown(socket.SHUT_WR)

    def _stop_reading(self) -> None:
        """Leave what a run goes on writing until its tree has ended: a full pipe holds it back."""
        for descriptor in self._streams:
            if descriptor in self._selector.get_map():
                self._selector.unregister(descriptor)

    def _read_stream(self, descriptor: int) -> None:
        data = os.read(descriptor, _READ_BYTES)
        if data:
            self._streams[descriptor].feed(data)
        else:
            self._selector.unregister(descriptor)

    def _read_control(self) -> None:
        try:
            data = self._launch.control.recv(_READ_BYTES)
        except ConnectionResetError:  # it died before it read its policy
            data = b""
        if not data:
            self._selector.unregister(self._launch.control)
            self._until = min(self._until, time.monotonic() + _DRAIN_SECONDS)
        for line in self._control_lines.feed(data):
            self._take_fact(json.loads(line))

    def _take_fact(self, fact: Mapping[str, Any]) -> None:
        if fact["event"] == "warning":
            text = f"wren: warning: {fact['message']}\n"
            self._streams[self._launch.stderr].feed(text.encode())
        else:
            self._evidence.ending = fact

    def _close(self) -> None:
        self._conversation.close()
        self._launch.control.close()
        self._selector.close()
        try:
            self._launch.process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._launch.process.kill()
            self._launch.process.wait()
        for descriptor in self._streams:
            os.close(descriptor)
