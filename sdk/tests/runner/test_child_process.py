import os
import threading
import time
from datetime import timedelta
from pathlib import Path

from wren.runner import child_process
from wren.script.terminal_host import TerminalHost
from wren_core.protocol.jobs import DescribeJob, RunJob
from wren_core.testing.patience import patience


def job(script: str) -> DescribeJob:
    return DescribeJob(script=script, filename="daily.py", is_checked=False)


def run(script: str, func: str = "daily", **options):
    event = {"trigger": "manual", "payload": {"n": 2}}
    return child_process.run_job(RunJob(script=script, filename="daily.py", func=func, event=event), **options)


def test_a_run_brings_the_result_and_a_clean_end():
    outcome = run("def daily(event): return event.payload['n'] + 1\n")

    assert (outcome.result, outcome.has_result, outcome.exit_code, outcome.error) == (3, True, 0, None)


def test_a_failed_run_brings_the_error_with_its_line():
    outcome = run("def daily():\n    raise KeyError('x')\n")

    assert outcome.error is not None
    assert (outcome.error["line"], outcome.has_result) == (2, False)
    assert outcome.exit_code != 0


def test_requests_of_integrations_are_answered_by_the_host(monkeypatch, environment):
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    shown, calls = [], []

    outcome = run(
        "import wren\ndef daily():\n    return wren.integrations.parcel.init().tell('hello')\n",
        host=TerminalHost(shown.append),
        on_call=calls.append,
    )

    assert outcome.result == "msg_local_1"
    assert shown == ["[message: parcel]\n  hello"]
    assert [(call.integration, call.method, call.outcome) for call in calls] == [("parcel", "tell", "ok")]
    assert outcome.calls == calls


def test_without_a_host_a_request_is_refused(monkeypatch, environment):
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])

    outcome = run("import wren\ndef daily():\n    return wren.integrations.parcel.init().tell('hello')\n")

    assert outcome.error is not None
    assert outcome.error["code"] == "HOST_UNAVAILABLE"


def test_a_script_of_a_full_mebibyte_reaches_the_child():
    filler = "#" * (1024 * 1024 - 100)

    outcome = run(f"{filler}\ndef daily(): return 'here'\n")

    assert outcome.result == "here"


def test_a_timeout_takes_the_children_of_the_script_with_it(tmp_path):
    pid_file = tmp_path / "pid"
    script = (
        "import subprocess, time\n"
        f"p = subprocess.Popen(['sleep', '60'])\nopen({str(pid_file)!r}, 'w').write(str(p.pid))\ntime.sleep(60)\n"
    )

    outcome = child_process.run_job(job(script), time_limit=timedelta(seconds=2))

    assert outcome.is_timed_out
    assert _is_gone(int(pid_file.read_text()))


def test_a_grandchild_that_holds_the_channel_cannot_keep_the_caller_waiting():
    # It leaves the process group and inherits every descriptor a fork inherits.
    script = (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(8)\n    os._exit(0)\ntime.sleep(60)\n"
    )
    started = time.monotonic()

    outcome = child_process.run_job(job(script), time_limit=timedelta(seconds=1))

    assert outcome.is_timed_out
    assert time.monotonic() - started < 1 + patience(5)


def test_no_thread_of_the_caller_is_left():
    before = threading.active_count()

    child_process.run_job(job("x = 1\n"), time_limit=timedelta(seconds=patience(30)))

    assert threading.active_count() == before


def _is_gone(pid: int) -> bool:
    """Tell whether a process ends within a few seconds; a dead one that was not reaped counts as ended."""
    started = time.monotonic()
    while time.monotonic() - started < patience(5):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and stat.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.01)
    return False
