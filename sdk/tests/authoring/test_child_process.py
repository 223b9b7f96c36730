"""Children on a leash: real processes, which never outlive who started them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from wren.authoring.child_process import ChildProcess
from wren_core.testing.patience import patience

# Modules of a folder that the children find on their import path.
ECHO = "import sys\nfor line in sys.stdin:\n    print(line.strip().upper(), flush=True)\n"
SLEEPER = "import pathlib, os, sys, time\npathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\ntime.sleep(600)\n"
PARENT = """
import sys, time
from pathlib import Path
from wren.authoring.child_process import ChildProcess
import os
child = ChildProcess(Path(sys.executable), ["sleeper", sys.argv[1]], variables=os.environ, log=Path(sys.argv[2]))
time.sleep(600)
"""


@pytest.fixture
def modules(tmp_path):
    for name, source in {
        "echo": ECHO,
        "sleeper": SLEEPER,
        "stubborn": f"import signal\nsignal.signal(15, 1)\n{SLEEPER}",
    }.items():
        (tmp_path / f"{name}.py").write_text(source)
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def child(modules, tmp_path, *arguments, **options):
    return ChildProcess(Path(sys.executable), arguments, variables=modules, log=tmp_path / "log", **options)


def test_a_child_answers_line_by_line(modules, tmp_path):
    echo = child(modules, tmp_path, "echo", is_read=True)

    answers = [echo.ask(word, seconds=patience(30)) for word in ("one", "two")]
    echo.stop()

    assert answers == ["ONE\n", "TWO\n"]
    assert echo.has_ended


def test_a_child_that_ends_answers_nothing_and_its_log_says_why(modules, tmp_path):
    gone = child(modules, tmp_path, "absent", is_read=True)

    answer = gone.ask("hello", seconds=patience(30))
    gone.stop()

    assert answer == ""
    assert "No module named absent" in (tmp_path / "log").read_text()


def test_a_child_that_lets_the_time_pass_is_ended(modules, tmp_path):
    sleeper = child(modules, tmp_path, "sleeper", str(tmp_path / "pid"), is_read=True)

    answer = sleeper.ask("hello", seconds=0.5)
    sleeper.stop()

    assert answer == ""


def test_a_child_ends_when_its_parent_is_killed(modules, tmp_path):
    command = [sys.executable, "-c", PARENT, str(tmp_path / "pid"), str(tmp_path / "log")]
    with subprocess.Popen(command, env=modules) as parent:
        pid = _wait_for_text(tmp_path / "pid")
        parent.send_signal(signal.SIGKILL)

    assert _wait_until_gone(pid)


def test_a_child_is_not_in_the_process_group_of_the_terminal(modules, tmp_path):
    sleeper = child(modules, tmp_path, "sleeper", str(tmp_path / "pid"))

    group = os.getpgid(_wait_for_text(tmp_path / "pid"))
    sleeper.stop()

    assert group != os.getpgid(0)


def _wait_for_text(path):
    started = time.monotonic()
    while time.monotonic() - started < patience(30):
        if path.exists() and path.read_text():
            return int(path.read_text())
        time.sleep(0.02)
    raise AssertionError("the child did not start")


def _wait_until_gone(pid):
    started = time.monotonic()
    while _is_alive(pid) and time.monotonic() - started < patience(20):
        time.sleep(0.02)
    return not _is_alive(pid)


def _is_alive(pid):
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE  # no parent may be there to reap it
    except psutil.NoSuchProcess:
        return False
