"""One checker: `wren test`, `wren validate --remote` and a deploy agree on every script, through a real server."""

import json
import os
import subprocess
import sys

import pytest

from scripts_as_written import BROKEN, GOOD
from servers.backend import backend
from servers.process import clean_variables
from wren.runner.script_report import check_script

CONNECTED = {
    "imap": ["--value", "username=u", "--value", "password=only-for-tests", "--config", "host=imap.example.com"],
    "postgres": ["--value", "username=u", "--value", "password=only-for-tests", "--config", "host=db.example.com"],
    "webdav": [
        "--value",
        "username=u",
        "--value",
        "password=only-for-tests",
        "--config",
        "url=https://dav.example.com/f",
    ],
}
USES = 'import wren\n{name} = wren.integrations.{name}.init()\n\n\n@wren.on_schedule("0 9 * * *")\ndef daily():\n'


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with backend(tmp_path_factory.mktemp("scripts"), {}) as running:
        for name, options in CONNECTED.items():
            running.wren("connect", name, *options)
        yield running


@pytest.mark.parametrize("name", GOOD)
def test_a_good_script_raises_no_alarm(tmp_path, name):
    path = tmp_path / f"{name}.py"
    path.write_text(GOOD[name])

    report = check_script(path)

    assert [item for item in report.findings if item.severity != "note"] == []
    assert report.metadata is not None


@pytest.mark.parametrize("name", GOOD)
def test_a_good_script_is_deployed_unless_a_connection_is_missing(server, name):
    answer = server.request("POST", "/v1/scripts/validate", json={"script": GOOD[name], "name": name}).json()

    assert [item for item in answer["findings"] if item["severity"] != "note"] == []
    assert {item["code"] for item in answer["errors"]} <= {"INTEGRATION_NOT_CONFIGURED"}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_script_is_refused_with_the_same_findings_everywhere(server, tmp_path, name):
    script, code, line = BROKEN[name]
    path = tmp_path / f"{name}.py"
    path.write_text(script)

    here = [item.to_wire() | {"file": path.name} for item in check_script(path).findings]
    refused = server.request("POST", "/v1/scripts/deploy", json={"script": script, "name": name})
    checked = server.request("POST", "/v1/scripts/validate", json={"script": script, "name": name}).json()

    there = refused.json()["error"]["details"]["findings"]
    assert (code, line) in [(item["code"], item["line"]) for item in here if item["severity"] == "error"]
    assert (refused.status_code, there, checked["valid"]) == (422, here, False)
    assert checked["findings"] == here


@pytest.mark.parametrize("name", CONNECTED)
def test_configuration_of_a_connection_need_not_stand_in_the_script(server, tmp_path, name):
    path = tmp_path / f"uses_{name}.py"
    path.write_text(USES.format(name=name) + f"    return {name}.config.model_dump(mode='json')\n")

    tested = server.wren("test", str(path))
    remote = server.wren("validate", "--remote", str(path))
    server.wren("deploy", str(path))
    run = json.loads(server.wren("run", path.stem, "--wait", "--json").stdout)

    assert "it comes with the connection" in tested.stdout.replace("where the script is deployed ", "")
    assert "the server has every connection this script needs" in remote.stdout
    setting = CONNECTED[name][-1].partition("=")
    assert (run["status"], run["result"][setting[0]]) == ("success", setting[2])


def test_what_the_documents_of_an_integration_show_can_be_deployed_as_it_stands(server, tmp_path):
    shown = json.loads(server.wren("integrations", "show", "imap", "--json").stdout)
    example = shown["methods"][0]["example"]
    path = tmp_path / "shown.py"
    path.write_text(USES.format(name="imap") + f"    {example.splitlines()[-1].strip()}\n")

    server.wren("deploy", str(path))

    assert "shown" in [item["name"] for item in server.get("/v1/deployments")["deployments"]]


def test_a_connection_without_the_required_configuration_is_named_at_the_deploy(server, tmp_path):
    server.wren("connect", "postgres", "--alias", "bare", "--value", "username=u", "--value", "password=x")
    script = USES.format(name="postgres").replace("init()", 'init(account="bare")') + "    postgres.query('SELECT 1')\n"

    error = server.request("POST", "/v1/scripts/deploy", json={"script": script, "name": "bare"}).json()["error"]

    assert error["code"] == "CONFIG_MISSING"
    assert "postgres needs 'host', which neither the script nor its connection gives" in error["message"]


def test_parameters_and_events_are_the_same_here_and_on_the_server(server, tmp_path):
    path = tmp_path / "same.py"
    path.write_text(
        'import wren\n\n\n@wren.on_schedule("0 9 * * *", timezone="Europe/Oslo")\n'
        "def same(days=7, event=None):\n"
        "    return [days, event.trigger, event.cron, event.timezone, event.payload, event.scheduled_for.tzname()]\n"
    )
    server.wren("deploy", str(path))

    here = json.loads(server.wren("run", str(path), "--json", "--event", '{"n": 1}').stdout)["result"]
    there = json.loads(server.wren("run", "same", "--wait", "--json", "--event", '{"n": 1}').stdout)["result"]

    assert here == there == [7, "manual", "0 9 * * *", "Europe/Oslo", {"n": 1}, "UTC"]


def test_a_file_that_a_run_leaves_is_said_in_its_log(server):
    made = server.deploy(
        "import pathlib\ndef keep():\n    pathlib.Path('state.json').write_text('1')\n    return 1\n", name="keep"
    )

    run_id = server.start_run(made["deployment_id"], func="keep")

    assert server.finished_run(run_id)["status"] == "success"
    assert "the run left 'state.json', which is removed now" in server.log_text(run_id)


@pytest.mark.parametrize("is_caught", [False, True])
def test_a_host_that_no_integration_declares_is_explained_in_the_error_and_in_the_log(server, is_caught):
    fetch = "urllib.request.urlopen('https://api.mine.example/')"
    body = (
        f"    try:\n        {fetch}\n    except OSError as exc:\n        print(exc)\n"
        if is_caught
        else f"    {fetch}\n"
    )
    script = f"import urllib.request, wren\nslack = getattr(wren.integrations, 'imap')\ndef fetch():\n{body}"
    made = server.deploy(script, name="fetch")

    run_id = server.start_run(made["deployment_id"], func="fetch")
    run = server.finished_run(run_id)

    said = server.log_text(run_id) if is_caught else run["error"]["message"]
    assert "'api.mine.example'" in said
    assert "it allows imap.example.com:993" in said
    assert "a host is allowed where an integration that the script uses declares it" in said


def test_a_helper_in_the_same_folder_is_not_deployed(tmp_path):
    (tmp_path / "helpers.py").write_text("x = 1\n")
    (tmp_path / "main.py").write_text("import helpers\n\n\ndef main():\n    return helpers.x\n")

    done = subprocess.run(
        [sys.executable, "-m", "wren", "test", "main.py"],
        env={**clean_variables(tmp_path), "PATH": os.environ["PATH"]},
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 1
    assert "helpers.py is not deployed with it: move what it needs into the script" in done.stdout
