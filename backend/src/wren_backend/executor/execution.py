"""One execution, from the launch to its last process: a single loop over all that comes out of the sandbox."""

import os
import select
import selectors
import socket
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from wren_backend.executor.channel import RunChannel
from wren_backend.executor.ending import Evidence, decide_ending
from wren_backend.executor.launcher.line_buffer import LineBuffer
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.launcher.report import Report
from wren_backend.executor.masking import Masker
from wren_backend.executor.output import OnNotice, OnOutput, OutputMeter, RunOutput
from wren_backend.executor.port import Launch, Outcome, OutcomeStatus, Stream
from wren_backend.executor.request_server import RequestServer, ServeRequest
from wren_backend.storage.storable import storable_json
from wren_core.protocol.calls import CallRecord
from wren_core.protocol.findings import MAX_FINDINGS, ScriptFinding
from wren_core.protocol.frames import CallFrame, FindingFrame, Frame, ProtocolViolation, RequestFrame, encode_line
from wren_core.protocol.jobs import Job

OnCall = Callable[[CallRecord], None]

_READ_BYTES = 65536
_KEPT_CALLS = 1000
_CANCEL_SECONDS = 0.1
# The launcher enforces the deadline; after this grace period it counts as dead, and the worker ends it.
_GRACE_SECONDS = 2.0
# Once the launcher has gone, the pipes of its tree close at once; what keeps them open then is stuck in the kernel.
_DRAIN_SECONDS = 2.0


@dataclass(frozen=True, kw_only=True)
class Observers:
    """The functions that an execution calls during a run."""

    on_output: OnOutput
    on_call: OnCall
    serve_request: ServeRequest
    is_cancelled: Callable[[], bool]
    on_notice: OnNotice = lambda _text: None


class Execution:
    """Drives one Launch: `run` runs its job, then `outcome` says how it ended. All kept data is masked and storable."""

    def __init__(
        self, launch: Launch, *, limits: Limits, secrets: Iterable[str], correlation_id: str, observers: Observers
    ) -> None:
        self._launch = launch
        self._limits = limits
        self._correlation_id = correlation_id
        self._observers = observers
        self._masker = Masker(secrets)
        self._meter = OutputMeter(limits)
        self._output = RunOutput(
            self._masker, self._meter, on_output=observers.on_output, on_notice=observers.on_notice
        )
        self._streams: dict[int, Stream] = {launch.stdout: "stdout", launch.stderr: "stderr"}
        self._control_lines = LineBuffer(limit=_READ_BYTES)
        self._channel = RunChannel(launch.channel)
        self._server = RequestServer(
            observers.serve_request, self._channel.put_in_turn, masker=self._masker, correlation_id=correlation_id
        )
        self._selector = selectors.DefaultSelector()
        self._evidence = Evidence()
        self._findings: list[ScriptFinding] = []
        self._calls: list[CallRecord] = []
        self._calls_dropped = 0
        self._until = 0.0
        self._was_busy = False

    def run(self, job: Job) -> None:
        """Run the job; no process of the launch is left when this returns."""
        self._until = time.monotonic() + self._limits.wall.total_seconds() + _GRACE_SECONDS
        try:
            self._open(job)
            while self._is_running():
                self._turn()
                self._check()
            self._output.close()
        finally:
            self._close()

    def outcome(self, *, isolation: str, duration: timedelta) -> Outcome:
        """Return how it ended, once `run` has returned."""
        ending, report = decide_ending(self._evidence, self._limits), self._evidence.report
        return Outcome(
            status=ending.status,
            isolation=isolation,
            result=self._evidence.value if ending.status is OutcomeStatus.SUCCESS else None,
            error=ending.to_wire(self._correlation_id),
            findings=tuple(self._findings),
            calls=tuple(self._calls),
            calls_dropped=self._calls_dropped,
            output_bytes=self._meter.total,
            truncated=self._output.truncated,
            exit_code=report.code if report else None,
            signal=report.signal if report else None,
            survivors=bool(report and report.survivors),
            duration=duration,
        )

    # -- phases ----------------------------------------------------------------------------------------------------

    def _open(self, job: Job) -> None:
        self._watch(self._channel.connection, self._on_channel)
        self._watch(self._channel.wake, lambda _: self._on_wake())
        self._watch(self._launch.control, lambda _: self._read_control())
        for descriptor in self._streams:
            self._watch(descriptor, partial(self._read_stream, descriptor))
        self._channel.put(encode_line(job))

    def _is_running(self) -> bool:
        """Tell whether to go on: not once all descriptors are closed, or the time after the deadline is over too."""
        if time.monotonic() < self._until:
            return bool(self._selector.get_map())
        if self._evidence.report is None and self._is_guarded:
            # This process may have been slow: what the launcher said in time counts.
            self._read_late_report()
            if self._evidence.report is None:
                self._launch.process.kill()
                self._evidence.report = Report(event="timeout")
            self._until = time.monotonic() + _DRAIN_SECONDS
            return True
        # The tree has ended, and what it left in its pipes is finite: read on as long as there is some.
        return self._was_busy and bool(self._selector.get_map())

    def _read_late_report(self) -> None:
        while self._is_guarded and select.select([self._launch.control], [], [], 0)[0]:
            self._read_control()

    @property
    def _is_guarded(self) -> bool:
        return self._launch.control in self._selector.get_map()

    def _turn(self) -> None:
        try:
            ready = self._selector.select(_CANCEL_SECONDS)
            self._was_busy = bool(ready)
            for key, events in ready:
                key.data(events)
        except ProtocolViolation as exc:
            self._evidence.violation = str(exc)
            self._leave_channel()
            self._stop()

    def _check(self) -> None:
        self._output.pass_on(time.monotonic())
        if self._meter.is_over_budget and not self._evidence.output_over_budget:
            self._evidence.output_over_budget = True
            self._stop()
            # A full pipe blocks further writes of the run until its process tree has ended.
            for descriptor in self._streams:
                self._unwatch(descriptor)
        if not self._evidence.cancelled and self._observers.is_cancelled():
            self._evidence.cancelled = True
            self._stop()

    def _stop(self) -> None:
        """Ask the launcher to end the tree."""
        with suppress(OSError):
            self._launch.control.shutdown(socket.SHUT_WR)

    def _close(self) -> None:
        self._server.close()
        self._leave_channel()
        self._channel.close()
        self._launch.control.close()
        self._selector.close()
        try:
            self._launch.process.wait(_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._launch.process.kill()
            self._launch.process.wait()
        for descriptor in self._streams:
            os.close(descriptor)

    # -- what comes out --------------------------------------------------------------------------------------------

    def _read_stream(self, descriptor: int, _events: int) -> None:
        data = os.read(descriptor, _READ_BYTES)
        if data:
            self._output.feed(self._streams[descriptor], data)
        else:
            self._unwatch(descriptor)

    def _read_control(self) -> None:
        try:
            data = self._launch.control.recv(_READ_BYTES)
        except ConnectionResetError:  # it died before it read its policy
            data = b""
        if not data:
            self._unwatch(self._launch.control)
            self._until = min(self._until, time.monotonic() + _DRAIN_SECONDS)
        for report in map(Report.from_line, self._control_lines.feed(data)):
            if report.event == "warning":
                self._output.feed("stderr", f"wren: warning: {report.message}\n".encode())
            else:
                self._evidence.report = report

    def _on_wake(self) -> None:
        if self._channel.take_wake() and self._channel.connection in self._selector.get_map():
            self._listen_for(selectors.EVENT_READ | selectors.EVENT_WRITE)

    def _on_channel(self, events: int) -> None:
        if events & selectors.EVENT_WRITE and not self._channel.write():
            self._listen_for(selectors.EVENT_READ)
        if events & selectors.EVENT_READ:
            frames = self._channel.read()
            if frames is None:
                self._leave_channel()
            for frame in frames or ():
                self._take(self._clean(frame))

    def _take(self, frame: Frame) -> None:
        if isinstance(frame, CallFrame):
            self._take_call(frame.call)
        elif isinstance(frame, RequestFrame):
            if not self._server.submit(frame):
                raise ProtocolViolation("too many requests wait for an answer")
        elif self._evidence.answer is not None:
            raise ProtocolViolation("a second answer")
        elif isinstance(frame, FindingFrame):
            self._findings += [frame.finding] if len(self._findings) < MAX_FINDINGS else []
        else:
            self._evidence.answer = frame

    def _take_call(self, call: CallRecord) -> None:
        if len(self._calls) < _KEPT_CALLS:
            self._calls.append(call)
        else:
            self._calls_dropped += 1
        self._observers.on_call(call)

    def _clean(self, value: Any) -> Any:
        """Return a frame, or a value in one, masked and storable; fields with fixed values stay as they are."""
        if is_dataclass(value) and not isinstance(value, type):
            cleaned = {item.name: self._clean(getattr(value, item.name)) for item in fields(value)}
            return replace(value, **{name: item for name, item in cleaned.items() if name not in ("frame", "type")})
        return storable_json(self._masker.mask_json(value))

    # -- the loop's members ----------------------------------------------------------------------------------------

    def _watch(self, member: socket.socket | int, handle: Callable[[int], None]) -> None:
        self._selector.register(member, selectors.EVENT_READ, handle)

    def _unwatch(self, member: socket.socket | int) -> None:
        if member in self._selector.get_map():
            self._selector.unregister(member)

    def _leave_channel(self) -> None:
        for member in (self._channel.connection, self._channel.wake):
            self._unwatch(member)

    def _listen_for(self, events: int) -> None:
        self._selector.modify(self._channel.connection, events, self._on_channel)
