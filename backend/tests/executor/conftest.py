"""Runs real scripts through the real sandbox, and looks at what is left from outside."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import psutil
import pytest

from wren_backend.executor.executor import Executor
from wren_backend.executor.port import Job, Limits, Outcome, Sandbox
from wren_backend.executor.sandboxes import SandlockSandbox

MANUAL = {"trigger": "manual", "payload": {}}
PRELUDE = """
import ctypes, errno, os, resource, signal, socket, subprocess, sys, threading, time

def attempt(action):
    try:
        return ["done", repr(action())[:2000]]
    except BaseException as exc:
        return ["refused", type(exc).__name__]
"""
WORKER = """
import sys
from datetime import timedelta
from pathlib import Path
from wren_backend.executor.executor import Executor
from wren_backend.executor.port import Job, Limits
from wren_backend.executor.sandboxes import SandlockSandbox

outcome = Executor(SandlockSandbox(), runs_root=Path(sys.argv[1])).run(
    Job(run_id="run_test", correlation_id="corr_test", script=sys.stdin.read(), filename="script.py", func="main",
        event={"trigger": "manual", "payload": {}}, limits=Limits(wall=timedelta(seconds=30))),
    on_output=lambda stream, text: print(text, end="", flush=True),
    on_call=print,
    serve_request=lambda operation, payload: {},
)
print(outcome.status, outcome.result, outcome.error)
"""


@dataclass(kw_only=True)
class Ran:
    """An outcome with what the run said."""

    outcome: Outcome
    stdout: str = ""
    stderr: str = ""
    calls: list[Any] = field(default_factory=list)

    @property
    def code(self) -> str | None:
        return None if self.outcome.error is None else self.outcome.error["code"]


class ScriptRunner:
    """Runs sources; every keyword of Job and of Limits can be given."""

    def __init__(self, sandbox: Sandbox, runs_root: Path) -> None:
        self.runs_root = runs_root
        self.executor = Executor(sandbox, runs_root=runs_root)

    def __call__(
        self,
        script: str,
        *,
        wall: float = 30.0,
        limits: Mapping[str, Any] | None = None,
        serve: Callable[[str, Mapping[str, Any]], Mapping[str, Any]] = lambda operation, payload: {},
        cancel: Any = None,
        on_output: Callable[[str, str], None] | None = None,
        **job: Any,
    ) -> Ran:
        said: dict[str, list[str]] = {"stdout": [], "stderr": []}
        calls: list[Any] = []

        def take(stream: str, text: str) -> None:
            said[stream].append(text)
            if on_output is not None:
                on_output(stream, text)

        outcome = self.executor.run(
            Job(
                **{
                    "run_id": "run_test",
                    "correlation_id": "corr_test",
                    "filename": "script.py",
                    "func": "main",
                    "event": MANUAL,
                    "script": dedent(script),
                    "limits": Limits(wall=timedelta(seconds=wall), **(limits or {})),
                    **job,
                }
            ),
            on_output=take,
            on_call=calls.append,
            serve_request=serve,
            cancel=cancel,
        )
        return Ran(outcome=outcome, stdout="".join(said["stdout"]), stderr="".join(said["stderr"]), calls=calls)

    def attack(self, script: str, **options: Any) -> Ran:
        """Run a script that has `attempt(action)`, which tells whether something can be done."""
        return self(PRELUDE + dedent(script), **options)


@pytest.fixture(scope="session")
def sandbox() -> Sandbox:
    found = SandlockSandbox()
    status = found.status()
    if not status.available:
        message = f"no sandbox here: {status.reason}"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    return found


@pytest.fixture
def run_script(sandbox: Sandbox, tmp_path: Path) -> Iterator[ScriptRunner]:
    """Runs scripts in the sandbox; afterwards nothing of any run may be left: no process, no folder, no descriptor."""
    before = len(os.listdir("/proc/self/fd"))
    runner = ScriptRunner(sandbox, tmp_path / "runs")

    yield runner

    assert processes_of(runner.runs_root) == []
    assert list(runner.runs_root.iterdir()) == []
    assert len(os.listdir("/proc/self/fd")) == before


def processes_of(runs_root: Path) -> list[str]:
    """Return every process that belongs to a run below `runs_root`, wherever in the process tree it went.

    A run's processes start with HOME in their folder; one that starts another with a clean environment is found by
    its working directory.
    """
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.environ().get("HOME", "").startswith(str(runs_root)) or process.cwd().startswith(str(runs_root)):
                found.append(f"{process.pid} {process.cmdline()}")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.fixture
def list_processes() -> Callable[[Path], list[str]]:
    return processes_of


@pytest.fixture
def start_worker(sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a worker in a process of its own, so that it can be looked into or killed while its script runs."""
    with ExitStack() as stack:

        def start(script: str, *, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
            worker = stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", WORKER, str(tmp_path / "runs")],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, **(env or {})},
                )
            )
            stack.callback(worker.kill)
            assert worker.stdin is not None
            worker.stdin.write(PRELUDE + dedent(script))
            worker.stdin.close()
            return worker

        yield start
