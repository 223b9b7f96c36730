"""The top of a run's process tree: it enforces the deadline, obeys the worker and leaves no process behind.

    worker --control socket--> guard --fork--> supervisor --sandlock--> runner and its children

The guard adopts every orphan of the tree, so a daemon cannot leave it. It ends the tree when the runner is done, when
time is up, when a limit is broken, when the worker says so, and when the control socket closes: the kernel closes it
the moment the worker dies, however it dies.
"""

import os
import selectors
import signal
import socket
import time
from contextlib import suppress
from dataclasses import replace

from wren_backend.executor.launcher.line_buffer import LineBuffer
from wren_backend.executor.launcher.policy import LaunchPolicy
from wren_backend.executor.launcher.privileges import adopt_orphans
from wren_backend.executor.launcher.processes import kill_all
from wren_backend.executor.launcher.report import Report
from wren_backend.executor.launcher.supervisor import Supervisor

_READ_BYTES = 65536


class Guard:
    """One run of one policy."""

    def __init__(self, policy: LaunchPolicy, control: socket.socket) -> None:
        self._policy = policy
        self._control = control
        self._report_read, self._report_write = os.pipe()
        # Nothing is ever written to it: it is readable for the supervisor when its writing end, here, is gone.
        self._alive_read, self._alive_write = os.pipe()

    def run(self) -> None:
        """Run the tree to its end and tell the worker how it ended."""
        deadline = time.monotonic() + self._policy.limits.wall.total_seconds()
        adopt_orphans()
        supervisor = self._fork_supervisor()
        _leave_stdio()
        ended = self._wait(deadline)
        # The supervisor first: without it no process of the sandbox can fork any more, so the rest stays as it is. Its
        # group, because where orphans cannot be adopted (macOS) a plain runner is found by nothing else.
        with suppress(ProcessLookupError):
            os.killpg(supervisor, signal.SIGKILL)
        is_clean = kill_all(os.getpid())
        self._send(replace(ended, survivors=not is_clean))

    def _fork_supervisor(self) -> int:
        pid = os.fork()
        if pid:
            os.setpgid(pid, pid)
            os.close(self._report_write)
            os.close(self._alive_read)
            return pid
        try:
            os.close(self._report_read)
            os.close(self._alive_write)
            self._control.close()
            Supervisor(self._policy, report=self._report_write, guard_alive=self._alive_read).run()
        finally:
            os._exit(0)

    def _wait(self, deadline: float) -> Report:
        """Return why the tree must end now."""
        lines = LineBuffer(limit=_READ_BYTES)
        with selectors.DefaultSelector() as selector:
            selector.register(self._control, selectors.EVENT_READ)
            selector.register(self._report_read, selectors.EVENT_READ)
            while (left := deadline - time.monotonic()) > 0:
                ready = [key.fileobj for key, _ in selector.select(left)]
                if self._control in ready:
                    return Report(event="killed")
                if self._report_read in ready and (ended := self._read_report(lines)):
                    return ended
        return Report(event="timeout")

    def _read_report(self, lines: LineBuffer) -> Report | None:
        data = os.read(self._report_read, _READ_BYTES)
        if not data:
            return Report(event="failure", message="the supervisor died")
        for report in map(Report.from_line, lines.feed(data)):
            if report.event != "warning":
                return report
            self._send(report)
        return None

    def _send(self, report: Report) -> None:
        with suppress(OSError):
            self._control.sendall(report.to_line())


def _leave_stdio() -> None:
    """Close the run's pipes, so that the worker reads their end when the tree has ended."""
    null = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(null, descriptor)
    os.close(null)
