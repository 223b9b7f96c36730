"""Scripts that will not end, and workers that do: nothing of a run outlives it, its deadline or its worker."""

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from textwrap import dedent, indent
from typing import Any

import psutil
import pytest

from wren_backend.executor.port import OutcomeStatus
from wren_core.testing.patience import patience

SURVIVORS = {
    "a loop": "while True: pass",
    "a sleep": "time.sleep(600)",
    "ignored signals": """
        for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
            signal.signal(number, signal.SIG_IGN)
        while True:
            time.sleep(1)
    """,
    "a child that loops": """
        if os.fork() == 0:
            while True: pass
        time.sleep(600)
    """,
    "a daemon": """
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                os.chdir("/")
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.signal(signal.SIGHUP, signal.SIG_IGN)
                while True: pass
            os._exit(0)
        time.sleep(600)
    """,
    "a daemon that leaves the group and closes everything": """
        if os.fork() == 0:
            os.setpgid(0, 0)
            if os.fork() == 0:
                os.setsid()
                os.closerange(0, 256)
                os.execve(sys.executable, [sys.executable, "-c", "while True: pass"], {})
            os._exit(0)
        time.sleep(600)
    """,
    "processes that breed": """
        def breed():
            while True:
                try:
                    if os.fork() == 0:
                        os.setsid()
                except OSError:
                    pass
        breed()
    """,
    "a thread": """
        threading.Thread(target=time.sleep, args=(600,)).start()
    """,
    "a cleanup that hangs": """
        import atexit
        atexit.register(time.sleep, 600)
    """,
}


def _main(body: str) -> str:
    return "def main():\n    print('started', flush=True)\n" + indent(dedent(body), "    ")


@pytest.mark.parametrize("name", SURVIVORS)
def test_a_run_ends_at_its_deadline_with_all_its_processes(
    run_script: Any, list_processes: Callable[[Path], list[str]], name: str
):
    alive: list[int] = []
    started = time.monotonic()

    ran = run_script.attack(
        _main(SURVIVORS[name]), wall=3, on_output=lambda *_: alive.append(len(list_processes(run_script.runs_root)))
    )

    assert ran.outcome.status is OutcomeStatus.TIMEOUT
    assert ran.code == "RUN_TIMEOUT"
    assert alive[0] >= 1
    assert list_processes(run_script.runs_root) == []
    assert time.monotonic() - started < 3 + patience(2)


def test_a_daemon_does_not_outlive_a_run_that_succeeds(run_script: Any, list_processes: Callable[[Path], list[str]]):
    ran = run_script.attack("""
        def main():
            if os.fork() == 0:
                os.setsid()
                if os.fork() == 0:
                    while True: pass
                os._exit(0)
            os.wait()
            return "done"
    """)

    assert ran.outcome.result == "done"
    assert list_processes(run_script.runs_root) == []


def test_a_run_can_be_cancelled(run_script: Any, list_processes: Callable[[Path], list[str]]):
    cancel = threading.Event()

    ran = run_script.attack(_main(SURVIVORS["a daemon"]), cancel=cancel, on_output=lambda *_: cancel.set())

    assert (ran.outcome.status, ran.code) == (OutcomeStatus.CANCELLED, "CANCELLED")
    assert list_processes(run_script.runs_root) == []


def test_a_run_can_be_cancelled_by_a_question(run_script: Any):
    asked: list[bool] = []

    def is_cancelled() -> bool:
        asked.append(True)
        return len(asked) > 5

    ran = run_script("import time\ndef main():\n    time.sleep(600)", cancel=is_cancelled)

    assert ran.outcome.status is OutcomeStatus.CANCELLED


def _wait_until_gone(processes: Callable[[], list[str]], *, seconds: float) -> list[str]:
    started = time.monotonic()
    while (left := processes()) and time.monotonic() - started < patience(seconds):
        time.sleep(0.02)
    return left


@pytest.mark.parametrize("name", ["a loop", "a daemon", "ignored signals", "processes that breed"])
def test_a_sandbox_dies_with_its_worker(
    start_worker: Callable[..., Any], tmp_path: Path, list_processes: Callable[[Path], list[str]], name: str
):
    worker = start_worker(_main(SURVIVORS[name]))
    started = worker.stdout.readline()
    tree = psutil.Process(worker.pid).children(recursive=True)

    worker.send_signal(signal.SIGKILL)
    worker.wait()

    assert started == "started\n"
    assert len(tree) >= 3
    assert _wait_until_gone(lambda: list_processes(tmp_path / "runs"), seconds=1.5) == []
    assert _wait_until_gone(lambda: [str(p) for p in tree if _is_alive(p)], seconds=0.5) == []


@pytest.mark.parametrize("victim", ["guard", "supervisor"])
@pytest.mark.parametrize("name", ["a loop", "a daemon", "processes that breed"])
def test_a_run_ends_when_one_of_its_keepers_is_killed(
    run_script: Any, list_processes: Callable[[Path], list[str]], victim: str, name: str
):
    others, killed = _children(), []

    def kill_keeper(*_: object) -> None:
        if not killed:  # what was written before may arrive in several pieces
            (guard,) = _children() - others
            killed.append(guard if victim == "guard" else guard.children()[0])
            killed[0].kill()

    ran = run_script.attack(_main(SURVIVORS[name]), on_output=kill_keeper)

    assert (ran.outcome.status, ran.code) == (OutcomeStatus.FAILED, "SANDBOX_FAILED")
    assert _wait_until_gone(lambda: list_processes(run_script.runs_root), seconds=1.0) == []


def test_a_keeper_that_is_stopped_does_not_stop_the_deadline(run_script: Any):
    others = _children()

    def stop_keeper(*_: object) -> None:
        (guard,) = _children() - others
        guard.suspend()

    ran = run_script.attack(_main(SURVIVORS["a daemon"]), wall=1.0, on_output=stop_keeper)

    assert ran.outcome.status is OutcomeStatus.TIMEOUT
    assert ran.outcome.duration.total_seconds() < 6


def _children() -> set[psutil.Process]:
    """Return this process's children; before a run these are servers of other tests, which must live on."""
    return set(psutil.Process().children())


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
