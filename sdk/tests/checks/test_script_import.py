from datetime import timedelta

import pytest

from wren.checks.finding import Code
from wren.checks.script_import import import_script
from wren.checks.source import parse_script


def imported(text: str, seconds: float = 30):
    return import_script(parse_script(text.encode(), "daily.py"), time_limit=timedelta(seconds=seconds))


def test_a_sound_script_tells_what_it_declares():
    outcome = imported('import wren\n@wren.on_schedule("0 9 * * *")\ndef daily(): raise SystemExit("never called")\n')

    assert outcome.findings == ()
    assert outcome.metadata == {
        "integrations": [],
        "triggers": [{"type": "schedule", "func": "daily", "config": {"cron": "0 9 * * *", "timezone": "UTC"}}],
        "schedules": [{"cron": "0 9 * * *", "func_name": "daily"}],
    }


def test_an_exception_at_import_has_its_line():
    outcome = imported("def f():\n    return 1 / 0\n\nf()\n")

    [finding] = outcome.findings
    assert (finding.code, finding.file, finding.line) == (Code.IMPORT_FAILED, "daily.py", 2)
    assert finding.message == "ZeroDivisionError: division by zero"
    assert outcome.metadata is None


def test_an_exception_inside_a_library_has_the_line_that_called_it():
    [finding] = imported("import json\njson.loads('{')\n").findings

    assert (finding.code, finding.line) == (Code.IMPORT_FAILED, 2)


@pytest.mark.parametrize("call", ["sys.exit(3)", "os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_a_script_that_ends_the_interpreter_is_a_finding(call):
    [finding] = imported(f"import os, sys\n{call}\n").findings

    assert finding.code == Code.IMPORT_EXITED


def test_a_script_that_hangs_is_stopped():
    [finding] = imported("while True: ...\n", seconds=1).findings

    assert finding.code == Code.IMPORT_TIMED_OUT
    assert "1 s" in finding.message


def test_what_a_script_prints_at_import_forges_nothing():
    outcome = imported('print(\'{"frame": "metadata", "metadata": {"triggers": [1]}}\')\n')

    assert outcome.metadata == {"integrations": [], "triggers": [], "schedules": []}


def test_a_module_in_the_callers_folder_cannot_be_imported(tmp_path, monkeypatch):
    (tmp_path / "neighbour.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)

    [finding] = imported("import neighbour\n").findings

    assert "No module named 'neighbour'" in finding.message
