from datetime import timedelta

import pytest

from wren.checks.finding import Code
from wren.runner.script_report import check_script


@pytest.fixture
def child_sees_plugins(monkeypatch, environment):
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])


@pytest.fixture
def imported(write):
    def check(text: str, seconds: float = 60):
        return check_script(write(text), time_limit=timedelta(seconds=seconds))

    return check


def test_a_sound_script_tells_what_it_declares(imported):
    outcome = imported('import wren\n@wren.on_schedule("0 9 * * *")\ndef daily(): raise SystemExit("never called")\n')

    assert outcome.findings == ()
    assert outcome.metadata == {
        "integrations": [],
        "triggers": [{"type": "schedule", "func": "daily", "config": {"cron": "0 9 * * *", "timezone": "UTC"}}],
        "schedules": [{"cron": "0 9 * * *", "func_name": "daily"}],
    }


def test_an_exception_at_import_has_its_line(imported):
    outcome = imported("def f():\n    return 1 / 0\n\nf()\n")

    [finding] = outcome.findings
    assert (finding.code, finding.line) == (Code.IMPORT_FAILED, 2)
    assert finding.message == "ZeroDivisionError: division by zero"
    assert outcome.metadata is None


def test_an_exception_inside_a_library_has_the_line_that_called_it(imported):
    [finding] = imported("import json\njson.loads('{')\n").findings

    assert (finding.code, finding.line) == (Code.IMPORT_FAILED, 2)


@pytest.mark.parametrize("call", ["sys.exit(3)", "os._exit(3)", "os.kill(os.getpid(), 9)"])
def test_a_script_that_ends_the_interpreter_is_a_finding(imported, call):
    [finding] = imported(f"import os, sys\n{call}\n").findings

    assert finding.code == Code.IMPORT_EXITED


def test_a_script_that_hangs_is_stopped(imported):
    [finding] = imported("while True: ...\n", seconds=1).findings

    assert finding.code == Code.IMPORT_TIMED_OUT
    assert "1 s" in finding.message


def test_what_a_script_prints_at_import_forges_nothing(imported):
    outcome = imported('print(\'{"frame": "metadata", "metadata": {"triggers": [1]}}\')\n')

    assert outcome.metadata == {"integrations": [], "triggers": [], "schedules": []}


def test_a_module_next_to_the_caller_cannot_be_imported(imported, tmp_path, monkeypatch):
    (tmp_path / "neighbour.py").write_text("x = 1\n")
    monkeypatch.chdir(tmp_path)

    [finding] = imported("import neighbour\n").findings

    assert (finding.code, "'neighbour'" in finding.message) == (Code.MODULE_MISSING, True)
    assert "neighbour.py is not deployed with it: move what it needs into the script" in finding.hint


def test_a_module_that_is_not_installed_comes_with_what_is_possible(imported):
    [finding] = imported("import nothing_such.at_all\n").findings

    assert (finding.code, finding.line) == (Code.MODULE_MISSING, 1)
    assert "Python's standard library" in finding.hint
    assert "the operator installs 'nothing_such' there" in finding.hint


def test_the_network_is_off_while_a_script_is_read_as_on_a_server(imported):
    [finding] = imported("import urllib.request\n\nurllib.request.urlopen('http://example.com')\n").errors

    assert (finding.code, finding.line) == (Code.IMPORT_FAILED, 3)
    assert "there is no network while a script is read, also when it is deployed" in finding.message


@pytest.mark.parametrize("call", ["parcel.track('P-1')", "parcel.client", "print(parcel.client_text())"])
def test_a_call_at_import_is_named_and_not_performed(imported, plugins, child_sees_plugins, call):
    [finding] = imported(f"import wren\nparcel = wren.integrations.parcel.init()\n{call}\n").findings

    assert (finding.code, finding.line) == (Code.CALL_AT_IMPORT, 3)
    assert "call it inside a triggered function" in finding.message


def test_a_script_may_make_an_instance_whose_configuration_comes_with_the_connection(
    imported, plugins, child_sees_plugins
):
    report = imported(
        'import wren\ndepot = wren.integrations.depot.init()\n@wren.on_schedule("@daily")\ndef f(): depot.address()\n'
    )

    assert [(item.code, item.severity) for item in report.findings] == [(Code.CONFIG_MISSING, "note")]
    assert (report.is_ok, report.metadata["integrations"]) == (True, ["depot"])
