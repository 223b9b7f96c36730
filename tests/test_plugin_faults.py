"""Broken third-party plugins: the server starts, the others work, and all interfaces report the failures."""

import json
import re

import httpx2
import pytest

from servers.backend import backend
from servers.plugins import environment
from wren_core.testing.patience import patience

DECLARATION = '''
from wren_core import Integration, IntegrationSpec, method

class {title}(Integration):
    """Answer with a word."""

    spec = IntegrationSpec(name="{name}", display_name="{title}")

    @method
    def answer(self) -> str:
        """Answer."""
        return "{name} works"
'''


def declaring(name, *, first="", last=""):
    return f"{first}\n{DECLARATION.format(name=name, title=name.title())}\n{last}\n"


# Each broken plugin, and its reported failure.
WRONG = {
    "raising": (
        declaring("raising", first='raise RuntimeError("the wheels came off")'),
        ("PLUGIN_RAISED", r"RuntimeError: the wheels came off \(wren_raising\.py, line 1\)"),
    ),
    "exiting": (
        declaring("exiting", last="import sys; sys.exit(0)"),
        ("PLUGIN_EXITED", r"called sys\.exit\(0\) while it was loaded"),
    ),
    "needy": (
        declaring("needy", first="import a_missing_library"),
        ("DEPENDENCY_MISSING", r"No module named 'a_missing_library'; reinstall it"),
    ),
    "modern": (
        declaring("modern"),
        ("CONTRACT_VERSION", r"needs wren-core>=99, installed is 0\.1\.0; update one of them"),
    ),
    "vain": (
        declaring("proud"),
        ("PLUGIN_INVALID", r"entry point 'vain' offers proud; spec\.name must equal the entry point's name"),
    ),
}
CLASHING = r"wren-gmail and wren-post both offer 'gmail'; uninstall one of them"
FAILED = {**{name: said for name, (_, said) in WRONG.items()}, "gmail": ("DUPLICATE_NAME", CLASHING)}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    made = environment(tmp_path_factory.mktemp("plugins"))
    made.install("wren-good", declaring("good"), offers="good = Good")
    made.install("wren-post", declaring("gmail"), offers="gmail = Gmail", version="6.6.6")
    for name, (source, _) in WRONG.items():
        requires = ["wren-core>=99"] if name == "modern" else ["wren-core>=0.1"]
        title = "Proud" if name == "vain" else name.title()
        made.install(f"wren-{name}", source, offers=f"{name} = {title}", version="2.5", requires=requires)
    return made


@pytest.fixture(scope="module")
def server(installed, tmp_path_factory):
    with backend(tmp_path_factory.mktemp("plugin-faults"), python=installed.python) as running:
        yield running


def script_using(name):
    return f"""
import wren
used = wren.integrations.{name}.init()

@wren.on_schedule("0 9 * * *")
def daily():
    return used.answer()
"""


def test_the_api_shows_what_failed_with_distribution_code_and_reason(server):
    answer = server.get("/v1/integrations")

    shown = {item["name"]: item for item in answer["failed"]}
    assert_all_told(shown)
    assert {shown[name]["version"] for name in WRONG} == {"2.5"}
    assert {"good", "slack"} <= {item["name"] for item in answer["integrations"]}
    assert not set(shown) & {item["name"] for item in answer["integrations"]}


def test_readyz_is_ready_and_lists_the_failed_plugins(server):
    ready = server.get("/readyz")

    assert ready["status"] == "ready"
    assert_all_told({item["name"]: item for item in ready["failed_plugins"]})


def test_the_server_prints_the_failed_plugins_at_start(server):
    lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]

    assert_all_told({line["plugin"]: line for line in lines if line["event"] == "plugin.failed"})
    assert re.search(r"^  failed +raising \(wren-raising 2\.5\): RuntimeError", server.log, re.MULTILINE)
    assert "Traceback" not in server.log


def test_the_other_plugins_work(server):
    deployed = server.deploy(script_using("good"), name="good")

    run = server.finished_run(server.start_run(deployed["deployment_id"]))

    assert (run["status"], run["result"]) == ("success", "good works"), run
    assert [(call["integration"], call["method"], call["outcome"]) for call in run["calls"]] == [
        ("good", "answer", "ok")
    ]


@pytest.mark.parametrize("name", FAILED)
def test_a_script_with_a_failed_plugin_is_refused_by_name(server, name):
    answer = server.request("POST", "/v1/scripts/deploy", json={"script": script_using(name), "name": "refused"})

    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (409, "UserFacingConfigError", "PLUGIN_FAILED"), error
    assert name in error["message"]
    assert re.search(FAILED[name][1], error["message"])
    assert "refused" not in [item["name"] for item in server.get("/v1/deployments")["deployments"]]


def test_validate_and_the_pages_of_a_failed_plugin_report_the_failure(server):
    answer = server.request("POST", "/v1/integrations/validate", json={"integrations": ["good", *FAILED]}).json()
    shown = server.request("GET", "/v1/integrations/raising")
    connected = server.request("POST", "/v1/connections", json={"integration": "raising"})
    page = server.request("GET", "/integrations/raising/setup")

    assert answer["valid"] is False
    assert {item["integration"]: item["code"] for item in answer["errors"]} == dict.fromkeys(FAILED, "PLUGIN_FAILED")
    for refused in (shown, connected):
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "PLUGIN_FAILED"), refused.text
    assert page.status_code == 409
    assert "the wheels came off" in page.text


def test_the_command_line_lists_failed_plugins_and_works_with_the_others(server):
    listed = server.wren_json("integrations", "list")
    text = server.wren("integrations", "list").stdout
    remote = server.wren_json("integrations", "list", "--remote")
    shown = server.wren("integrations", "show", "good").stdout
    refused = server.wren("integrations", "show", "raising", check=False)

    assert_all_told({item["name"]: item for item in listed["failed"]})
    assert_all_told({item["name"]: item for item in remote["failed"]})
    assert "good" in {item["name"] for item in listed["integrations"]}
    assert "raising of wren-raising 2.5 failed: PLUGIN_RAISED" in " ".join(text.split())
    assert "answer" in shown
    assert refused.returncode == 3
    assert "PLUGIN_FAILED" in refused.stderr


@pytest.mark.parametrize("name", ["raising", "exiting", "gmail", "modern"])
def test_the_command_line_reports_a_failed_plugin_before_a_deploy(server, tmp_path, name):
    (tmp_path / "good.py").write_text(script_using("good"))
    (tmp_path / "bad.py").write_text(script_using(name))

    good = server.wren("test", str(tmp_path / "good.py"), "--json")
    bad = server.wren("test", str(tmp_path / "bad.py"), "--json", check=False)

    assert json.loads(good.stdout)["ok"] is True
    assert bad.returncode == 1
    [finding] = json.loads(bad.stdout)["findings"]
    assert (finding["code"], finding["line"]) == ("PLUGIN_FAILED", 3), finding
    assert re.search(FAILED[name][1], finding["message"])


def test_a_plugin_that_hangs_fails_after_the_configured_time_limit(tmp_path):
    made = environment(tmp_path / "environment")
    made.install("wren-good", declaring("good"), offers="good = Good")
    made.install("wren-hanging", declaring("hanging", first="import time; time.sleep(600)"), offers="hanging = Hanging")

    with backend(tmp_path / "home", {"WREN_PLUGINS_TIME_LIMIT": "3"}, python=made.python) as server:
        [failed] = server.get("/v1/integrations")["failed"]
        deployed = server.deploy(script_using("good"), name="good")
        run = server.finished_run(server.start_run(deployed["deployment_id"]))
        refused = server.request("POST", "/v1/scripts/deploy", json={"script": script_using("hanging")})
        code = server.terminate()

    assert (failed["name"], failed["code"]) == ("hanging", "PLUGIN_TIMED_OUT")
    assert failed["reason"].startswith("did not load within 3 s")
    assert run["result"] == "good works"
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "PLUGIN_FAILED"), refused.text
    assert code == 0, "the thread that hangs does not keep the process"


def test_a_plugin_that_blocks_the_interpreter_or_ends_the_process_does_not_keep_the_server_from_starting(tmp_path):
    made = environment(tmp_path / "environment")
    blocking = "import re; re.match('(a+)+$', 'a' * 60 + 'b')"
    made.install("acme-good", declaring("good"), offers="good = Good")
    made.install("acme-blocking", declaring("blocking", first=blocking), offers="blocking = Blocking")
    made.install("acme-ending", declaring("ending", first="import os; os._exit(7)"), offers="ending = Ending")

    with backend(tmp_path / "home", {"WREN_PLUGINS_TIME_LIMIT": "3"}, python=made.python) as server:
        failed = {item["name"]: item["code"] for item in server.get("/v1/integrations")["failed"]}
        names = {item["name"] for item in server.get("/v1/integrations")["integrations"]}
        keyless = httpx2.get(f"{server.url}/readyz", timeout=patience(20)).text

    assert failed == {"blocking": "PLUGIN_TIMED_OUT", "ending": "PLUGIN_ENDED_PROCESS"}
    assert {"good", "gmail"} <= names
    assert "blocked the interpreter" not in keyless


def assert_all_told(shown):
    assert set(shown) == set(FAILED)
    for name, (code, reason) in FAILED.items():
        assert shown[name]["code"] == code, shown[name]
        assert re.search(reason, shown[name]["reason"]), shown[name]
        assert shown[name]["distribution"] in {f"wren-{name}", "wren-post"}
