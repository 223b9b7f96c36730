"""Starts the runner, checks what its processes use, and reports how it ended.

It runs as the child of the guard. Each of the two ends everything when the other dies.
"""

import os
import select
import threading
from contextlib import suppress
from pathlib import Path

from wren_backend.executor.launcher.confinement import start_runner
from wren_backend.executor.launcher.policy import LaunchPolicy
from wren_backend.executor.launcher.privileges import adopt_orphans, drop_capabilities
from wren_backend.executor.launcher.processes import kill_all
from wren_backend.executor.launcher.report import Report
from wren_backend.executor.launcher.usage import UsageWatch

# Short enough that a process tree cannot take much more than its limit between two checks; a check takes about 0.2 ms.
_WATCH_SECONDS = 0.05


class Supervisor:
    """One runner and its watch.

    Args:
        policy: what to run.
        report: descriptor for one line per `Report`; only the guard reads it.
        guard_alive: descriptor that becomes readable when the guard is gone.
    """

    def __init__(self, policy: LaunchPolicy, *, report: int, guard_alive: int) -> None:
        self._policy = policy
        self._report = report
        self._guard_alive = guard_alive

    def run(self) -> None:
        """Run to the end of the runner and leave no process behind."""
        adopt_orphans()
        if self._policy.isolation == "sandlock":
            # Before the watch starts: capabilities belong to a thread, not to the process.
            drop_capabilities()
        threading.Thread(target=self._watch, daemon=True).start()
        try:
            wait = start_runner(self._policy, lambda warning: self._tell(Report(event="warning", message=warning)))
            ended = wait()
            self._tell(Report(event="exit", code=ended.code, signal=ended.signal_number))
        except Exception as exc:  # noqa: BLE001 - the process's top: whatever it is, the guard reports it
            self._tell(Report(event="failure", message=f"{type(exc).__name__}: {exc}"))
        finally:
            kill_all(os.getpid())

    def _watch(self) -> None:
        watch = UsageWatch(self._policy.limits, folder=Path(self._policy.folder), supervisor=os.getpid())
        while not select.select([self._guard_alive], [], [], _WATCH_SECONDS)[0]:
            limit = watch.find_breach()
            if limit is not None:
                self._tell(Report(event="breach", limit=limit))
        kill_all(os.getpid())

    def _tell(self, report: Report) -> None:
        # The guard may be gone; the tree still has to be ended.
        with suppress(OSError):
            os.write(self._report, report.to_line())
