"""Imports plugins in a child process first, so that one that hangs, crashes or exits does so there.

A thread with a time limit cannot stop an import that never releases the interpreter; a child can be killed. One child
tries all plugins, one after the other; only where one of them stops it, another child goes on with the rest.
"""

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from importlib_metadata import EntryPoint

from wren_core.plugins.refusal import RefusedError

# For the start of the interpreter, which is not the plugin's time; generous, for a busy machine.
_START_SECONDS = 30.0
# The child itself reports an import that is slow; this much later it is taken to be stuck.
_GRACE_SECONDS = 1.0
_CHILD = "wren_core.plugins.trial_child"


def try_imports(points: Sequence[EntryPoint], time_limit: timedelta) -> dict[str, RefusedError]:
    """Import each entry point in a child process and return why some must not be imported here, by name.

    Where no child can be started, nothing is refused: the import in this process has a limit as well.

    Args:
        points: entry points, each with a name that no other has.
        time_limit: longest time that one may take.
    """
    refused: dict[str, RefusedError] = {}
    waiting = {point.name: point for point in points}
    while waiting:
        try:
            with _start_child(list(waiting.values()), time_limit) as child:
                current = _follow(child, waiting, refused, limit=time_limit.total_seconds())
        except OSError:  # no memory or no process left
            return refused
        if current is None:
            return refused
        refused.setdefault(current, _describe_end(child, time_limit))
        del waiting[current]
    return refused


class _Child:
    """A child process and the lines it writes."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._unread = b""
        self.was_stopped = False

    @property
    def ending(self) -> str:
        code = self._process.wait()
        return f"exit code {code}" if code >= 0 else f"signal {-code}"

    def read(self, seconds: float) -> dict[str, Any] | None:
        """Return the next message; None at the end, and after so many seconds, when the child is stopped."""
        deadline = time.monotonic() + seconds
        while b"\n" not in self._unread:
            if not self._wait(deadline - time.monotonic()):
                self.was_stopped = True
                return None
            more = os.read(_output_of(self._process), 65536)
            if not more:
                return None
            self._unread += more
        line, _, self._unread = self._unread.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def stop(self) -> None:
        """End the child with all it has started."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _wait(self, seconds: float) -> bool:
        with selectors.DefaultSelector() as selector:
            selector.register(_output_of(self._process), selectors.EVENT_READ)
            return bool(selector.select(max(0.0, seconds)))


def _output_of(process: subprocess.Popen[bytes]) -> int:
    if process.stdout is None:
        raise ValueError("the child was started without a pipe")
    return process.stdout.fileno()


@contextmanager
def _start_child(points: Sequence[EntryPoint], time_limit: timedelta) -> Iterator[_Child]:
    program = [sys.executable, *(["-B"] if sys.dont_write_bytecode else []), "-m", _CHILD]
    job = {"path": sys.path, "seconds": time_limit.total_seconds(), "points": [_point_fields(item) for item in points]}
    process = subprocess.Popen(  # noqa: S603 - this interpreter; what plugins declare goes through the pipe
        program,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what a plugin prints is shown when it is imported here
        env={**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)},
        start_new_session=True,
    )
    child = _Child(process)
    try:
        _send_job(process, json.dumps(job).encode())
        yield child
    finally:
        child.stop()
        if process.stdout is not None:
            process.stdout.close()


def _send_job(process: subprocess.Popen[bytes], job: bytes) -> None:
    if process.stdin is not None:
        with suppress(BrokenPipeError), process.stdin:  # it ended before it read its job
            process.stdin.write(job)


def _point_fields(point: EntryPoint) -> dict[str, str | None]:
    folder = getattr(point.dist, "_path", None)
    return {
        "name": point.name,
        "value": point.value,
        "group": point.group,
        "folder": str(folder) if isinstance(folder, Path) else None,
    }


def _follow(
    child: _Child, waiting: dict[str, EntryPoint], refused: dict[str, RefusedError], *, limit: float
) -> str | None:
    """Take the results of a child; return the plugin that it did not survive, or None where it tried all."""
    current: str | None = None
    while message := child.read(_START_SECONDS if current is None else limit + _GRACE_SECONDS):
        if "begin" in message:
            current = message["begin"]
            continue
        name, current = message["end"], None
        del waiting[name]
        if message["code"]:
            refused[name] = RefusedError(message["code"], message["reason"])
    return current


def _describe_end(child: _Child, time_limit: timedelta) -> RefusedError:
    if child.was_stopped:
        limit = time_limit.total_seconds()
        return RefusedError("PLUGIN_TIMED_OUT", f"did not load within {limit:g} s, and blocked the interpreter")
    return RefusedError("PLUGIN_ENDED_PROCESS", f"ended the process that loaded it, with {child.ending}")
