"""Runs the runner as a child process: sends a job, reads frames, and kills all that is left.

A script that exits, crashes, hangs or forks affects only that process. This is not a sandbox: a script on a person's
own machine runs with that person's rights.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO, Any

from wren_core.contract.host import Host, NoHost
from wren_core.errors import HostUnavailable, WrenError

_EXIT_SECONDS = 5.0

Job = Mapping[str, Any]


@dataclass(kw_only=True)
class RunnerOutcome:
    """What the child sent before it ended."""

    metadata: dict[str, Any] | None = None
    result: Any = None
    has_result: bool = False
    error: dict[str, Any] | None = None
    calls: list[dict[str, Any]] = field(default_factory=list)
    exit_code: int | None = None
    """Negative: killed by that signal."""
    is_timed_out: bool = False


def run_job(
    job: Job,
    *,
    host: Host | None = None,
    time_limit: timedelta | None = None,
    output: IO[Any] | int | None = subprocess.DEVNULL,
    on_call: Callable[[Mapping[str, Any]], None] | None = None,
) -> RunnerOutcome:
    """Run one job of the runner to its end.

    Args:
        job: `mode`, `script`, `filename` and what else the mode needs.
        host: answers what the script's integrations ask of the platform.
        time_limit: after it, the child and its children are killed.
        output: where both streams of the child go; None leaves them to the terminal.
        on_call: called for every finished method call as it happens.
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
        start_new_session=True,  # so that all it starts can be killed at once
    )


def _exchange_frames(
    ours: socket.socket,
    job: Job,
    outcome: RunnerOutcome,
    host: Host,
    on_call: Callable[[Mapping[str, Any]], None] | None,
) -> None:
    with suppress(OSError):  # the child ended before it read its job; its exit code says why
        ours.sendall(json.dumps(job).encode() + b"\n")
    for frame in _read_frames(ours):
        match frame.get("frame"):
            case "metadata":
                outcome.metadata = frame.get("metadata")
            case "result":
                outcome.result, outcome.has_result = frame.get("value"), True
            case "error":
                outcome.error = frame.get("error")
            case "call":
                outcome.calls.append({key: value for key, value in frame.items() if key != "frame"})
                if on_call is not None:
                    on_call(outcome.calls[-1])
            case "request":
                with suppress(OSError):
                    ours.sendall(json.dumps(_answer_request(host, frame)).encode() + b"\n")


def _read_frames(ours: socket.socket) -> Iterator[dict[str, Any]]:
    with ours.makefile("rb") as lines, suppress(OSError):
        for line in lines:
            with suppress(ValueError):
                frame = json.loads(line)
                if isinstance(frame, dict):
                    yield frame


def _answer_request(host: Host, frame: Mapping[str, Any]) -> dict[str, Any]:
    operation, payload = frame.get("operation"), frame.get("payload")
    try:
        if not isinstance(operation, str) or not isinstance(payload, dict):
            raise HostUnavailable("the request names no operation")
        return {"id": frame.get("id"), "result": host.request(operation, payload)}
    except WrenError as exc:
        return {"id": frame.get("id"), "error": exc.to_wire()}


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
