"""Runs the runner as a child process: sends a job, reads frames, and kills what remains.

A script that exits, crashes, hangs or forks affects only that process. This is not a sandbox: a script on a user's
own machine has that user's rights.
"""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO, Any

from wren_core.contract.host import Host, NoHost
from wren_core.errors import WrenError
from wren_core.protocol.calls import CallRecord
from wren_core.protocol.findings import ScriptFinding
from wren_core.protocol.frames import (
    CallFrame,
    ErrorFrame,
    FindingFrame,
    Frame,
    MetadataFrame,
    ProtocolViolation,
    ReplyFrame,
    RequestFrame,
    ResultFrame,
    encode_line,
    parse_frame,
)
from wren_core.protocol.jobs import Job

_EXIT_SECONDS = 5.0


@dataclass(kw_only=True)
class RunnerOutcome:
    """The frames that the child sent before it ended."""

    metadata: dict[str, Any] | None = None
    result: Any = None
    has_result: bool = False
    error: dict[str, Any] | None = None
    findings: list[ScriptFinding] = field(default_factory=list)
    calls: list[CallRecord] = field(default_factory=list)
    exit_code: int | None = None
    """Negative: killed by that signal."""
    is_timed_out: bool = False


def run_job(
    job: Job,
    *,
    host: Host | None = None,
    time_limit: timedelta | None = None,
    output: IO[Any] | int | None = subprocess.DEVNULL,
    on_call: Callable[[CallRecord], None] | None = None,
) -> RunnerOutcome:
    """Run one job of the runner to its end.

    Args:
        job: what to do.
        host: answers the requests of the script's integrations.
        time_limit: when it is over, the child and its children are killed.
        output: where both streams of the child go; None leaves them to the terminal.
        on_call: called at the end of every method call.
    """
    ours, theirs = socket.socketpair()
    outcome = RunnerOutcome()
    with ours, _run_process(theirs, output) as process, _limit_time(time_limit, outcome, process, ours):
        _exchange_frames(ours, job, outcome, host or NoHost(), on_call)
        outcome.exit_code = _wait_for_exit(process)
    return outcome


@contextmanager
def _run_process(channel: socket.socket, output: IO[Any] | int | None) -> Iterator["subprocess.Popen[bytes]"]:
    with channel:
        process = _start_process(channel, output)
    try:
        yield process
    finally:
        _kill(process)


@contextmanager
def _limit_time(
    time_limit: timedelta | None, outcome: RunnerOutcome, process: "subprocess.Popen[bytes]", ours: socket.socket
) -> Iterator[None]:
    if time_limit is None:
        yield
        return
    timer = threading.Timer(time_limit.total_seconds(), _expire, (outcome, process, ours))
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()


def _start_process(channel: socket.socket, output: IO[Any] | int | None) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        # -P: files next to the script must not be importable here, because a deployed script has none.
        [sys.executable, "-P", "-m", "wren.runner"],
        stdin=channel.fileno(),
        stdout=output,
        stderr=output,
        start_new_session=True,  # so that it can be killed with all its children
    )


def _exchange_frames(
    ours: socket.socket, job: Job, outcome: RunnerOutcome, host: Host, on_call: Callable[[CallRecord], None] | None
) -> None:
    with suppress(OSError):  # the child ended before it read its job; its exit code says why
        ours.sendall(encode_line(job))
    for frame in _read_frames(ours):
        match frame:
            case MetadataFrame():
                outcome.metadata = frame.metadata
            case ResultFrame():
                outcome.result, outcome.has_result = frame.value, True
            case ErrorFrame():
                outcome.error = frame.error.to_wire()
            case FindingFrame():
                outcome.findings.append(frame.finding)
            case CallFrame():
                outcome.calls.append(frame.call)
                if on_call is not None:
                    on_call(frame.call)
            case RequestFrame():
                with suppress(OSError):
                    ours.sendall(encode_line(_answer_request(host, frame)))


def _read_frames(ours: socket.socket) -> Iterator[Frame]:
    with ours.makefile("rb") as lines, suppress(OSError):
        for line in lines:
            # The script may write on the channel too; on its author's machine that harms only its author.
            with suppress(ProtocolViolation):
                yield parse_frame(line)


def _answer_request(host: Host, request: RequestFrame) -> ReplyFrame:
    try:
        return ReplyFrame(id=request.id, result=host.request(request.operation, request.payload))
    except WrenError as exc:
        return ReplyFrame(id=request.id, error=exc.to_wire())


def _wait_for_exit(process: "subprocess.Popen[bytes]") -> int | None:
    try:
        return process.wait(_EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        return None  # it closed the channel and still runs; the caller kills it


def _expire(outcome: RunnerOutcome, process: "subprocess.Popen[bytes]", ours: socket.socket) -> None:
    outcome.is_timed_out = True
    _kill(process)
    with suppress(OSError):
        ours.shutdown(socket.SHUT_RDWR)  # a surviving grandchild may still hold the other end


def _kill(process: "subprocess.Popen[bytes]") -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
