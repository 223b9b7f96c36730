"""Runs real scripts through the real sandbox, and looks at what is left from outside."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any, TypeVar

import psutil
import pytest

from servers.availability import unavailable
from wren_backend.executor.executor import Executor
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.port import Confinement, Outcome, Sandbox
from wren_backend.executor.request_server import Served
from wren_backend.executor.sandboxes import SandlockSandbox
from wren_core.protocol.jobs import RunJob

T = TypeVar("T")
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
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.port import Confinement
from wren_backend.executor.request_server import Served
from wren_backend.executor.sandboxes import SandlockSandbox
from wren_core.protocol.jobs import RunJob

outcome = Executor(SandlockSandbox(), runs_root=Path(sys.argv[1])).run(
    RunJob(run_id="run_test", correlation_id="corr_test", script=sys.stdin.read(), filename="script.py", func="main",
           event={"trigger": "manual", "payload": {}}),
    Confinement(limits=Limits(wall=timedelta(seconds=30))),
    on_output=lambda stream, text: print(text, end="", flush=True),
    on_call=print,
    serve_request=lambda operation, payload: Served(),
)
print(outcome.status, outcome.result, outcome.error)
"""
# Runs one script to warm up, then the one of the order, and tells by how much its own memory ever grew meanwhile.
MEASURED = """
import json, re, sys
from datetime import timedelta
from pathlib import Path
from wren_backend.executor.executor import Executor
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.port import Confinement
from wren_backend.executor.request_server import Served
from wren_backend.executor.sandboxes import SandlockSandbox
from wren_core.protocol.jobs import RunJob

order, said = json.load(sys.stdin), []
executor = Executor(SandlockSandbox(), runs_root=Path(sys.argv[1]))

def run(script, limits, reply):
    said.clear()
    return executor.run(
        RunJob(run_id="run_test", correlation_id="corr_test", script=script, filename="script.py", func="main",
               event={"trigger": "manual", "payload": {}}),
        Confinement(limits=Limits(wall=timedelta(seconds=60), **limits)),
        on_output=lambda stream, text: said.append(text),
        on_call=lambda call: None,
        serve_request=lambda operation, payload: Served(result=reply),
    )

def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

run("def main():\\n    print('warm')", {}, {})
before = peak()
outcome = run(order["script"], order["limits"], order["reply"])
print(json.dumps({
    "growth": peak() - before, "said": sum(map(len, said)), "status": outcome.status, "result": outcome.result,
    "code": outcome.error and outcome.error["code"], "output_bytes": outcome.output_bytes,
    "truncated": outcome.truncated,
}))
"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """An outcome with what it cost the worker, which had a process to itself."""

    growth: int
    """Bytes by which the worker's memory grew at most."""
    said: int
    """Characters of output it was given."""
    status: str
    result: Any
    code: str | None
    output_bytes: int
    truncated: bool


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
    """Runs sources; every keyword of RunJob, of Confinement and of Limits can be given."""

    def __init__(self, sandbox: Sandbox, runs_root: Path) -> None:
        self.runs_root = runs_root
        self.executor = Executor(sandbox, runs_root=runs_root)

    def __call__(
        self,
        script: str,
        *,
        wall: float = 30.0,
        limits: Mapping[str, Any] | None = None,
        serve: Callable[[str, Mapping[str, Any]], Mapping[str, Any] | Served] = lambda operation, payload: {},
        secrets: tuple[str, ...] = (),
        allow_hosts: tuple[str, ...] = (),
        operator_hosts: tuple[str, ...] = (),
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

        def answer(operation: str, payload: Mapping[str, Any]) -> Served:
            served = serve(operation, payload)
            return served if isinstance(served, Served) else Served(result=served)

        outcome = self.executor.run(
            RunJob(
                **{
                    "run_id": "run_test",
                    "correlation_id": "corr_test",
                    "filename": "script.py",
                    "func": "main",
                    "event": MANUAL,
                    "script": dedent(script),
                    **job,
                }
            ),
            Confinement(
                limits=Limits(wall=timedelta(seconds=wall), **(limits or {})),
                allow_hosts=allow_hosts,
                operator_hosts=operator_hosts,
            ),
            secrets=secrets,
            on_output=take,
            on_call=calls.append,
            serve_request=answer,
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
        unavailable(f"no sandbox here: {status.reason}")
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
    return of_each_process(runs_root, lambda process: f"{process.pid} {process.cmdline()}")


def memory_of(runs_root: Path) -> int:
    """Return the bytes that the processes of a run hold now; a page that several share counts once."""
    return sum(of_each_process(runs_root, lambda process: process.memory_full_info().pss))


def of_each_process(runs_root: Path, look: Callable[[psutil.Process], T]) -> list[T]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() == psutil.STATUS_ZOMBIE:
                continue
            if process.environ().get("HOME", "").startswith(str(runs_root)) or process.cwd().startswith(str(runs_root)):
                found.append(look(process))
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
        except OSError:  # it stands deeper than a path can say: another test's script, for ours has its HOME
            continue
    return found


@pytest.fixture
def watch_memory(tmp_path: Path) -> Callable[[], AbstractContextManager[list[int]]]:
    """Look again and again, while the block runs, at what the processes of the run hold."""

    @contextmanager
    def watch() -> Iterator[list[int]]:
        seen, over = list[int](), threading.Event()

        def look() -> None:
            while not over.wait(0.02):
                seen.append(memory_of(tmp_path / "runs"))

        watcher = threading.Thread(target=look)
        watcher.start()
        try:
            yield seen
        finally:
            over.set()
            watcher.join()

    return watch


@pytest.fixture
def measure(sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., Measured]]:
    """Runs a script in a separate worker, so that no other memory counts as the run's."""
    runs_root = tmp_path / "runs"

    def run(
        script: str, *, limits: Mapping[str, Any] | None = None, reply: Mapping[str, Any] | None = None
    ) -> Measured:
        order = {"script": dedent(script), "limits": dict(limits or {}), "reply": dict(reply or {})}
        command = [sys.executable, "-c", MEASURED, str(runs_root)]
        done = subprocess.run(command, input=json.dumps(order), capture_output=True, text=True, check=True)
        return Measured(**json.loads(done.stdout))

    yield run

    assert processes_of(runs_root) == []
    assert list(runs_root.iterdir()) == []


@pytest.fixture
def list_processes() -> Callable[[Path], list[str]]:
    return processes_of


@pytest.fixture
def start_worker(sandbox: Sandbox, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts a worker in a separate process, so that a test can inspect or kill it while its script runs."""
    with ExitStack() as stack:

        def start(
            script: str, *, env: Mapping[str, str] | None = None, prefix: Sequence[str] = ()
        ) -> subprocess.Popen[str]:
            worker = stack.enter_context(
                subprocess.Popen(
                    [*prefix, sys.executable, "-c", WORKER, str(tmp_path / "runs")],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    text=True,
                    env={**os.environ, **(env or {})},
                )
            )
            stack.callback(worker.kill)
            assert worker.stdin is not None
            worker.stdin.write(PRELUDE + dedent(script).replace("WORKER_PID", str(worker.pid)))
            worker.stdin.close()
            return worker

        yield start
