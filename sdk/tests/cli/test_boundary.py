import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from wren.cli.app import app
from wren_core.testing.patience import patience

COMMANDS = ["test", "validate", "deploy", "status", "logs", "run", "undeploy", "connect", "integrations", "login", "up"]


def test_help_names_every_command_and_the_exit_codes(wren):
    done = wren("--help")

    assert done.code == 0
    assert all(f"│ {command} " in done.out for command in COMMANDS)
    assert "3 a person must act" in " ".join(done.out.replace("│", " ").split())


def test_no_arguments_show_the_help(wren):
    assert wren().out == wren("--help").out


@pytest.mark.parametrize(
    "command",
    [*(item for item in COMMANDS if item not in ("integrations", "up")), "integrations list", "integrations show"],
)
def test_every_command_has_a_json_form_and_a_help(command):
    done = CliRunner().invoke(app, [*command.split(), "--help"], prog_name="wren", env={"COLUMNS": "120"})

    assert done.exit_code == 0
    assert "--json" in done.output
    assert f"Usage: wren {command}" in done.output


def test_the_version_is_printed(wren):
    assert wren("--version").out.strip().count(".") >= 1


@pytest.mark.parametrize(
    "arguments",
    [("tset",), ("test",), ("test", "a.py", "--colour"), ("integrations",), ("run", "daily", "--event", "[1]")],
)
def test_a_command_written_wrongly_ends_with_two_and_says_where_to_look(wren, arguments):
    done = wren(*arguments)

    assert done.code == 2
    assert done.err.startswith("error: ")
    assert "Traceback" not in done.err
    assert done.out == ""


def test_a_misspelt_command_is_answered_with_the_nearest(wren):
    assert "Did you mean 'test'" in wren("tset").err


def test_a_usage_error_is_json_where_json_is_asked_for(wren):
    done = wren("test", "--json")

    assert done.code == 2
    assert (done.error["type"], done.error["code"]) == ("AgentFixableError", "USAGE")
    assert "SCRIPT" in done.error["message"]


@pytest.mark.parametrize("as_json", [False, True])
def test_an_unexpected_failure_shows_an_id_and_no_traceback(wren, tmp_path, as_json):
    (tmp_path / "sitecustomize.py").write_text(
        "import wren.cli.commands.integration_list\ndef broken(**_): raise ZeroDivisionError('secret detail')\n"
        "wren.cli.commands.integration_list.list_installed = broken\n"
    )

    done = wren("integrations", "list", *["--json"][: int(as_json)], PYTHONPATH=str(tmp_path))

    text = done.out if as_json else done.err
    assert done.code == 4
    assert "corr_" in text
    assert "CLI_FAILED" in text
    assert "ZeroDivisionError" in text
    assert "Traceback" not in done.out + done.err
    assert "secret detail" not in done.out + done.err


def test_the_debug_variable_shows_the_traceback(wren, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import wren.cli.commands.integration_list\ndef broken(**_): return 1 / 0\n"
        "wren.cli.commands.integration_list.list_installed = broken\n"
    )

    done = wren("integrations", "list", PYTHONPATH=str(tmp_path), WREN_DEBUG="1")

    assert "Traceback" in done.err


def test_a_closed_pipe_is_not_reported_as_a_failure(environment, tmp_path):
    command = f"{sys.executable} -m wren integrations show parcel | true"

    done = subprocess.run(
        ["/bin/sh", "-c", command], env=environment, capture_output=True, text=True, check=False, cwd=tmp_path
    )

    assert done.stderr == ""


@pytest.mark.parametrize("module", ["wren.cli.boundary", "typer", "rich.table", "wren.cli.commands.status", "httpx2"])
def test_ctrl_c_while_something_is_loaded_shows_no_traceback(environment, tmp_path, module):
    code = f"""
import os, signal, sys
class Impatience:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Impatience())
sys.argv = ["wren", "status"]
from wren.cli.main import main
sys.exit(main())
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


def test_an_interrupted_command_is_an_error_object_for_programs(environment, tmp_path, write):
    script = write("import time\nprint('here', flush=True)\ntime.sleep(60)\ndef f(): ...\n")
    command = [sys.executable, "-m", "wren", "test", str(script), "--json"]

    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, cwd=tmp_path) as process:
        _wait_for_child(process.pid)
        process.send_signal(signal.SIGINT)
        out = process.communicate(timeout=patience(30))[0]

    assert process.returncode == 130
    assert json.loads(out)["error"]["code"] == "INTERRUPTED"


def _wait_for_child(pid):
    started = time.monotonic()
    while not Path(f"/proc/{pid}/task/{pid}/children").read_text():
        assert time.monotonic() - started < patience(30)
        time.sleep(0.02)


def test_starting_the_command_line_loads_no_http_client(wren, environment):
    code = "import sys\nsys.argv = ['wren', '--version']\nfrom wren.cli.main import main\nmain()\nprint(*sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)

    assert {"httpx2", "pyflakes", "wren_core.contract.spec"}.isdisjoint(done.stdout.split())
