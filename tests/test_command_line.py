"""Every command against a real server: its text output, its JSON output, and its exit code."""

import json
import re
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
import pytest

from servers.backend import backend, wait_for
from servers.consent import consent_google
from servers.google import google
from servers.plugins import environment
from servers.process import clean_variables, free_port
from wren_core.testing.patience import patience

ALICE, NOBODY = "alice@example.com", ""
LINK = re.compile(r"http\S+link=\S+")
METER = '''
from wren_core import ApiKeyConfig, CredentialSpec, CredentialType, Integration, IntegrationSpec, method

class Meter(Integration):
    """Read a meter."""

    spec = IntegrationSpec(
        name="meter",
        display_name="Meter",
        auth=ApiKeyConfig(name="X-Meter-Key"),
        credentials=(CredentialSpec(key="key", type=CredentialType.API_KEY, env_var="METER_KEY", description="Key"),),
    )

    @method
    def length_of_key(self) -> int:
        """Return how long the key is."""
        return len(self.credentials["key"])
'''
HEAD = 'import time, wren\n\n@wren.on_schedule("0 9 * * *")\n'
HELLO = """import wren

messaging = wren.integrations.messaging.init()


@wren.on_schedule("0 9 * * *", timezone="Europe/Berlin")
def hello():
    messaging.send("Hello", subject="Hello")
    print("said hello")
    return {"said": "hello"}
"""
BOOM = HEAD + 'def boom():\n    print("about to fail")\n    return {}["missing"]\n'
TALK = HEAD + 'def talk():\n    for n in range(40):\n        print("word", n)\n        time.sleep(0.25)\n'
UNREAD = HEAD + "def unread():\n    return len(wren.integrations.gmail.init().inbox())\n"
BOTH = HEAD + "def both():\n    wren.integrations.gmail.init(), wren.integrations.slack.init()\n"
READING = HEAD + "def reading():\n    return wren.integrations.meter.init().length_of_key()\n"


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def error(self):
        return self.json["error"]


@pytest.fixture(scope="module")
def mail():
    with google() as running:
        yield running


@pytest.fixture(scope="module")
def server(mail, tmp_path_factory):
    installed = environment(tmp_path_factory.mktemp("environment"))
    installed.install("wren-meter", METER, offers="meter = Meter")
    slack = {"WREN_PROVIDERS__SLACK__CLIENT_ID": "client", "WREN_PROVIDERS__SLACK__CLIENT_SECRET": "client-secret"}
    home = tmp_path_factory.mktemp("home")
    with backend(home, {**mail.variables, **slack}, python=installed.python) as running:
        yield running


@dataclass(frozen=True, kw_only=True)
class Person:
    """A user with a key, a shell and a folder of scripts."""

    server: object
    key: str
    folder: object

    @property
    def variables(self):
        return {**clean_variables(self.folder), "WREN_API_URL": self.server.url, "WREN_API_KEY": self.key}

    def command(self, *arguments):
        return [self.server.python, "-m", "wren", *arguments]

    def wren(self, *arguments, stdin="", **variables):
        done = subprocess.run(
            self.command(*arguments),
            env={key: value for key, value in {**self.variables, **variables}.items() if value is not None},
            cwd=self.folder,
            input=stdin,
            capture_output=True,
            text=True,
        )
        assert "cli/" not in done.stdout + done.stderr, "a traceback of the command line itself"
        return Finished(code=done.returncode, out=done.stdout, err=done.stderr)

    @contextmanager
    def started(self, *arguments):
        """Start a command that keeps running, with its output to read; end it with the test."""
        with subprocess.Popen(
            self.command(*arguments),
            env={**self.variables, "PYTHONUNBUFFERED": "1"},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def write(self, script, name="script.py"):
        (self.folder / name).write_text(script)
        return name

    def deploy(self, script, name):
        return self.wren("deploy", self.write(script), "--name", name, "--json").json

    def connect(self, *options, consent_as=ALICE):
        """Connect the mailbox as a person does, while the command waits, and return its output."""
        with self.started("connect", "gmail", "--no-browser", "--json", *options) as process:
            link = LINK.search(process.stderr.readline())[0]
            self.click(link, consent_as)
            out, err = process.communicate(timeout=patience(30))
        return Finished(code=process.returncode, out=out, err=err)

    def click(self, link, consent_as=ALICE):
        with httpx2.Client(timeout=patience(30)) as browser:
            consent = browser.post(link).headers["location"]
            return browser.get(consent_google(consent, email=consent_as))


@pytest.fixture
def admin(server, tmp_path):
    """The user who started the server."""
    return Person(server=server, key=server.key, folder=tmp_path)


@pytest.fixture
def person(server, tmp_path):
    """A new user in the workspace, without a connection."""
    key = server.operator("keys", "issue", "shell", "--user", tmp_path.name)
    return Person(server=server, key=key, folder=tmp_path)


# --- test, validate -------------------------------------------------------------------------------------------------


def test_a_valid_script_passes_and_json_has_its_declarations(admin):
    plain, as_json = admin.wren("test", admin.write(HELLO)), admin.wren("test", "script.py", "--json")

    assert (plain.code, as_json.code, plain.err) == (0, 0, "")
    assert plain.out == (
        "script.py is fine\n  triggers: hello (schedule, 0 9 * * *, Europe/Berlin)\n  integrations: messaging\n"
    )
    assert set(as_json.json) == {"ok", "file", "metadata", "findings"}
    assert as_json.json["metadata"]["integrations"] == ["messaging"]


@pytest.mark.parametrize(
    ("script", "finding"),
    [
        ("def broken(:\n", "script.py:1:12: error SYNTAX_ERROR: invalid syntax"),
        ("x = {}\nx['a']\n", "script.py:2: error IMPORT_FAILED: KeyError: 'a'"),
        (HELLO.replace("0 9", "61 9"), "script.py:6:19: error CRON_INVALID: minute '61' is not valid: expected 0-59"),
        (HELLO.replace("print(", "prnt("), "script.py:9:5: error UNDEFINED_NAME: name 'prnt' is used but not defined"),
        (
            HELLO.replace(".messaging", ".massaging"),
            "error INTEGRATION_UNKNOWN: no integration 'massaging' is installed",
        ),
        (HELLO.replace(".send", ".sent"), "script.py:8:15: error METHOD_UNKNOWN: messaging has no method 'sent'"),
        (HELLO.replace("subject=", "title="), "error ARGUMENT_UNKNOWN: messaging.send has no argument 'title'"),
        (READING.replace("init()", "init(unit=1)"), "error CONFIG_INVALID: meter.init has no value 'unit'"),
        ("", "script.py:1: error SCRIPT_EMPTY: the script is empty"),
    ],
)
def test_a_mistake_is_reported_with_its_place_before_anything_runs(admin, script, finding):
    done = admin.wren("test", admin.write(script))

    assert done.code == 1
    assert finding in done.out


def test_a_script_with_mistakes_is_not_deployed(admin):
    script = admin.write(HELLO.replace("0 9", "61 9").replace("print(", "prnt("))

    plain, as_json = admin.wren("deploy", script), admin.wren("deploy", script, "--json")

    assert (plain.code, as_json.code) == (1, 1)
    assert plain.err == "error: nothing was deployed: script.py has 2 errors\n  SCRIPT_INVALID\n"
    assert as_json.error["code"] == "SCRIPT_INVALID"
    assert [finding["code"] for finding in as_json.error["details"]["findings"]] == ["CRON_INVALID", "UNDEFINED_NAME"]
    assert "script" not in [item["name"] for item in admin.server.get("/v1/deployments")["deployments"]]


def test_a_missing_connection_is_reported_with_the_page_to_open(person):
    plain = person.wren("validate", person.write(BOTH), "--remote")
    as_json = person.wren("validate", "script.py", "--remote", "--json")

    assert (plain.code, as_json.code) == (3, 3)
    assert plain.out.endswith("not ready on the server: gmail, slack\n")
    assert f"open: {person.server.url}/integrations/gmail/setup" in plain.out
    verdict = as_json.json["remote"]
    assert (as_json.json["ok"], verdict["valid"]) == (False, False)
    assert [(error["code"], error["integration"]) for error in verdict["errors"]] == [
        ("INTEGRATION_NOT_CONFIGURED", "gmail"),
        ("INTEGRATION_NOT_CONFIGURED", "slack"),
    ]


def test_a_script_without_connections_is_ready(admin):
    plain = admin.wren("validate", admin.write(HELLO), "--remote")
    as_json = admin.wren("validate", "script.py", "--remote", "--json")

    assert (plain.code, as_json.code) == (0, 0)
    assert plain.out.endswith("the server has every connection this script needs\n")
    assert as_json.json["remote"] == {"valid": True, "errors": [], "findings": [], "warnings": []}


# --- deploy, undeploy -----------------------------------------------------------------------------------------------


def test_a_script_is_deployed_updated_and_undeployed(admin):
    plain = admin.wren("deploy", admin.write(HELLO, "greeting.py"))
    as_json = admin.wren("deploy", "greeting.py", "--json")
    gone, gone_json = admin.wren("undeploy", "greeting"), admin.wren("undeploy", "greeting", "--json")

    assert (plain.code, as_json.code, gone.code, gone_json.code) == (0, 0, 0, 1)
    assert plain.out.startswith("greeting is active: version 1\n")
    assert "show it with `wren status greeting`" in plain.out
    assert set(as_json.json) == {
        *("deployment_id", "name", "status", "version", "triggers_registered", "created_at", "next_run"),
        "findings",
    }
    assert (as_json.json["version"], as_json.json["triggers_registered"]) == (2, 1)
    assert gone.out == f"greeting ({as_json.json['deployment_id']}) is undeployed\n"
    assert gone_json.error["code"] == "DEPLOYMENT_UNKNOWN"


def test_a_deploy_without_connections_is_refused_and_names_all_of_them(person):
    plain = person.wren("deploy", person.write(BOTH), "--name", "unconnected")
    as_json = person.wren("deploy", "script.py", "--name", "unconnected", "--json")

    assert (plain.code, as_json.code, plain.out) == (3, 3, "")
    said = plain.err.splitlines()
    assert said[0].startswith("error: Gmail is not connected; run `wren connect gmail`")
    assert said[1] == f"  open: {person.server.url}/integrations/gmail/setup"
    assert said[3].startswith("also: Slack is not connected; run `wren connect slack`")
    assert re.fullmatch(r"  INTEGRATION_NOT_CONFIGURED · corr_\S+", said[-1])
    assert (as_json.error["type"], as_json.error["code"]) == ("UserFacingConfigError", "INTEGRATION_NOT_CONFIGURED")
    assert as_json.error["action_url"] == f"{person.server.url}/integrations/gmail/setup"


def test_the_correlation_id_of_an_error_is_in_the_servers_log(admin):
    script = admin.write('import wren\n@wren.on_email(subject="x")\ndef f(mail): ...\n')

    done = admin.wren("deploy", script, "--json")

    assert (done.code, done.error["code"]) == (1, "TRIGGER_UNSUPPORTED")
    answer = admin.server.request(
        "POST",
        "/v1/scripts/deploy",
        json={"script": "1 / 0\n"},
        headers={"X-Correlation-ID": done.error["correlation_id"]},
    )
    assert answer.json()["error"]["correlation_id"] == done.error["correlation_id"]
    assert answer.json()["error"]["message"] == "script.py:1: ZeroDivisionError: division by zero"


def test_the_server_reports_the_column_of_a_syntax_error(admin):
    answer = admin.server.request("POST", "/v1/scripts/deploy", json={"script": "x = 1\ndef f(:\n", "name": "daily"})

    error = answer.json()["error"]
    assert error["message"] == "daily.py:2:7: invalid syntax; in: def f(:"
    assert (error["details"]["line"], error["details"]["column"]) == (2, 7)


@pytest.mark.parametrize("name", ["", "../etc", "a\nb"])
def test_a_refused_name_is_an_error_of_the_caller(admin, name):
    done = admin.wren("deploy", admin.write(HELLO), "--name", name, "--json")

    assert (done.code, done.error["code"]) == (1, "NAME_INVALID")


# --- status, logs, run ----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def boom(server, tmp_path_factory):
    """The name of a deployment whose only run failed, and that run."""
    who = Person(server=server, key=server.key, folder=tmp_path_factory.mktemp("boom"))
    who.deploy(BOOM, "it fails")
    done = who.wren("run", "it fails", "--wait", "--json")
    assert done.code == 1
    return "it fails", done.json["run_id"]


def test_run_with_wait_shows_the_log_calls_and_result(admin):
    admin.deploy(HELLO, "waited")

    plain, as_json = admin.wren("run", "waited", "--wait"), admin.wren("run", "waited", "--wait", "--json")

    assert (plain.code, as_json.code) == (0, 0)
    assert re.match(r"said hello\nrun_\S+ ended: success\n", plain.out)
    assert "messaging.send" in plain.out
    assert (as_json.json["status"], as_json.json["result"]) == ("success", {"said": "hello"})
    assert [line["text"] for line in as_json.json["logs"]] == ["said hello"]
    assert as_json.json["isolation"] == "sandlock"


def test_run_without_wait_says_how_to_see_the_log(admin):
    admin.deploy(HELLO, "unwaited")

    plain, as_json = admin.wren("run", "unwaited"), admin.wren("run", "unwaited", "--json")

    run_id = re.match(r"(run_\S+) is queued; follow it with `wren logs -f \1`\n", plain.out)[1]
    assert admin.server.finished_run(run_id)["status"] == "success"
    assert (as_json.json["status"], as_json.json["trigger"], as_json.json["func"]) == ("queued", "manual", "hello")


def test_a_failed_run_exits_with_1_and_shows_where_it_failed(admin, boom):
    name, run_id = boom

    plain, status = admin.wren("run", name, "--wait"), admin.wren("status", run_id, "--json")

    assert plain.code == 1
    assert "SCRIPT_FAILED: it fails.py:6: KeyError: 'missing'" in plain.out
    assert 'return {}["missing"]' in plain.out
    assert re.search(r"correlation +corr_\S+", plain.out)
    assert status.code == 0
    assert (status.json["run"]["error"]["line"], status.json["run"]["status"]) == (6, "failed")


def test_status_shows_the_last_failure_of_each_deployment(admin, boom):
    plain, as_json = admin.wren("status"), admin.wren("status", "--json")

    assert (plain.code, as_json.code) == (0, 0)
    assert re.search(r"^it fails +admin +active +1 +1 +\d{4}-\d\d-\d\d \d\d:\d\d +failed", plain.out, re.MULTILINE)
    shown = next(item for item in as_json.json["deployments"] if item["name"] == "it fails")
    assert set(shown) == {
        *("id", "name", "owner", "status", "version", "triggers", "last_run", "last_status", "next_run", "created_at")
    }
    assert shown["last_status"] == "failed"


def test_status_of_a_deployment_shows_its_triggers_and_runs(admin, boom):
    name, run_id = boom

    plain, as_json = admin.wren("status", name), admin.wren("status", name, "--json")

    assert plain.out.startswith("it fails is active: version 1 (dep_")
    assert re.search(r"^boom +schedule, 0 9 \* \* \*, UTC +\d{4}", plain.out, re.MULTILINE)
    assert run_id in plain.out
    assert set(as_json.json) == {"deployment", "runs"}
    assert as_json.json["deployment"]["trigger_list"][0]["func"] == "boom"


def test_logs_writes_the_scripts_output_to_stdout_and_the_reason_to_stderr(admin, boom):
    run_id = boom[1]

    plain, as_json = admin.wren("logs", run_id), admin.wren("logs", run_id, "--json")
    followed = admin.wren("logs", "-f", run_id)

    assert (plain.code, as_json.code, followed.code) == (0, 0, 0)
    assert (plain.out, followed.out) == ("about to fail\n", "about to fail\n")
    assert plain.err.startswith(f"{run_id} ended: failed\nSCRIPT_FAILED: it fails.py:6: KeyError: 'missing'\n")
    assert set(as_json.json) == {"run_id", "status", "logs", "log_truncated", "error"}
    assert (as_json.json["status"], as_json.json["error"]["code"]) == ("failed", "SCRIPT_FAILED")


def test_followed_logs_are_json_lines_that_arrive_while_the_script_still_runs(admin):
    words = round(patience(6))  # on a busy machine the script must run longer, to be seen while it runs
    admin.deploy(TALK.replace("40", str(words)), "talking")
    run_id = admin.wren("run", "talking", "--json").json["run_id"]

    with admin.started("logs", "-f", "talking", "--json") as process:
        events = []
        for line in process.stdout:
            events.append(json.loads(line))
            if events[-1]["event"] == "log" and events[-1]["data"]["seq"] == 1:
                assert admin.server.get(f"/v1/runs/{run_id}")["status"] == "running"
        code = process.wait(patience(30))

    assert (code, [event["event"] for event in events[-2:]]) == (0, ["status", "end"])
    texts = [event["data"]["text"] for event in events if event["event"] == "log"]
    assert texts == [f"word {number}" for number in range(words)]
    assert (events[-1]["data"]["status"], events[-1]["data"]["calls"]) == ("success", [])


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (("status", "nothing of that name"), 1, "DEPLOYMENT_UNKNOWN"),
        (("status", "dep_0"), 1, "NOT_FOUND"),
        (("status", "run_0"), 1, "NOT_FOUND"),
        (("logs", "nothing of that name"), 1, "DEPLOYMENT_UNKNOWN"),
        (("logs", "-f", "run_0"), 1, "NOT_FOUND"),
        (("run", "nothing of that name"), 1, "DEPLOYMENT_UNKNOWN"),
        (("run", "nothing.py"), 1, "SCRIPT_UNREADABLE"),
        (("run", "x", "--event", "no json"), 2, "USAGE"),
        (("undeploy", "nothing of that name"), 1, "DEPLOYMENT_UNKNOWN"),
        (("deploy", "nothing.py"), 1, "SCRIPT_UNREADABLE"),
        (("connect", "nothing"), 1, "INTEGRATION_UNKNOWN"),
        (("connect", "messaging"), 1, "CONNECTION_NOT_NEEDED"),
        (("connect", "gmail", "--alias", "Not An Alias"), 1, "INVALID_REQUEST"),
        (("integrations", "show", "nothing"), 1, "INTEGRATION_UNKNOWN"),
        (("status", "--colour"), 2, "USAGE"),
    ],
)
def test_an_unknown_or_ambiguous_name_is_one_error_object(admin, arguments, code, error):
    done = admin.wren(*arguments, "--json")

    assert (done.code, done.error["code"]) == (code, error)
    assert set(done.error) >= {"type", "code", "message", "correlation_id", "can_retry"}


def test_errors_for_people_are_written_only_to_stderr(admin):
    plain, as_json = admin.wren("undeploy", "nobody"), admin.wren("undeploy", "nobody", "--json")

    assert (plain.code, plain.out) == (1, "")
    assert plain.err.splitlines()[0] == f"error: {as_json.error['message']}"
    assert re.fullmatch(r"  DEPLOYMENT_UNKNOWN · corr_\S+", plain.err.splitlines()[1])


def test_running_a_script_with_two_triggers_lists_them(admin):
    admin.deploy(HELLO + '\n\n@wren.on_schedule("0 8 * * *")\ndef early():\n    return 8\n', "two")

    refused, done = admin.wren("run", "two"), admin.wren("run", "two", "--func", "early", "--wait", "--json")

    assert refused.code == 1
    assert "early, hello have triggers" in refused.err
    assert done.json["result"] == 8


def test_a_file_runs_locally_without_a_server(admin):
    plain = admin.wren("run", admin.write(HELLO), WREN_API_URL=None, WREN_API_KEY=None)
    as_json = admin.wren("run", "script.py", "--json", WREN_API_URL=None, WREN_API_KEY=None)
    failed = admin.wren("run", admin.write(BOOM), "--json")

    assert (plain.code, as_json.code, failed.code) == (0, 0, 1)
    assert plain.out == "said hello\nhello ended: success\nresult: {'said': 'hello'}\n"
    assert set(as_json.json) == {"status", "func", "result", "calls", "error", "ai_cost_usd"}
    assert failed.json["error"]["line"] == 6


# --- connect --------------------------------------------------------------------------------------------------------


def test_connect_waits_for_consent_and_asks_nothing_the_second_time(person, mail):
    made = person.connect()
    plain, as_json = person.wren("connect", "gmail"), person.wren("connect", "gmail", "--json")

    assert (made.code, made.json["status"], made.json["account"]) == (0, "active", ALICE)
    assert (plain.code, as_json.code) == (0, 0)
    assert plain.out.startswith(f"gmail is already connected as {ALICE} (conn_")
    assert as_json.json["connection_id"] == made.json["connection_id"]


def test_connect_again_authorises_the_same_connection(person, mail):
    first = person.connect()

    again = person.connect("--again")

    assert (again.code, again.json["connection_id"]) == (0, first.json["connection_id"])
    assert again.json["version"] > first.json["version"]


def test_a_revoked_connection_is_authorised_again_in_place(person, mail):
    first = person.connect()
    person.deploy(UNREAD, "unread")
    mail.gmail.oauth.revoke_everything()
    failed = person.wren("run", "unread", "--wait")
    refused = person.wren("validate", "script.py", "--remote", "--json")

    mended = person.connect()

    assert failed.code == 3
    assert f"open: {person.server.url}/integrations/gmail/reauthorize" in failed.out
    assert [error["code"] for error in refused.json["remote"]["errors"]] == ["CONNECTION_NEEDS_REAUTH"]
    assert (mended.code, mended.json["connection_id"]) == (0, first.json["connection_id"])
    assert person.wren("run", "unread", "--wait", "--json").json["status"] == "success"


def test_denied_consent_ends_the_wait(person, mail):
    done = person.connect(consent_as=NOBODY)

    assert (done.code, done.error["code"]) == (3, "CONNECTION_FAILED")
    assert "run `wren connect gmail` again" in done.error["message"]


def test_connect_without_waiting_returns_a_link_for_later(person, mail):
    made = person.wren("connect", "gmail", "--no-wait", "--json")

    opened = person.click(made.json["connect_url"])

    assert (made.code, made.json["status"], made.err) == (0, "pending", "")
    assert opened.status_code == 200
    assert person.wren("connect", "gmail", "--json").json["connection_id"] == made.json["connection_id"]


def test_connect_ends_after_its_time_limit(person):
    done = person.wren("connect", "gmail", "--timeout", "1", "--json")

    assert (done.code, done.error["code"]) == (3, "CONNECTION_PENDING")
    assert done.error["action_url"] in done.err


def test_an_api_key_is_read_without_echo_and_replaced_in_place(person):
    made = person.wren("connect", "meter", "--value", "key", "--json", stdin="12345\n")
    person.deploy(READING, "reading")
    before = person.wren("run", "reading", "--wait", "--json").json["result"]
    replaced = person.wren("connect", "meter", "--value", "key", stdin="1234567\n")
    after = person.wren("run", "reading", "--wait", "--json").json["result"]

    assert (made.code, made.json["status"], replaced.code) == (0, "active", 0)
    assert replaced.out == f"meter is connected ({made.json['connection_id']}, default)\n"
    assert (before, after) == (5, 7)
    assert "12345" not in made.out + made.err + replaced.out + replaced.err


def test_an_unknown_value_is_refused_by_name(person):
    done = person.wren("connect", "meter", "--value", "kee=12345", "--json")

    assert (done.code, done.error["code"]) == (1, "CREDENTIALS_INVALID")
    assert "kee" in done.error["message"]
    assert "12345" not in done.out


# --- integrations ---------------------------------------------------------------------------------------------------


def test_integrations_of_the_server_are_listed_with_their_connections(person):
    person.wren("connect", "meter", "--value", "key", stdin="12345\n")

    plain, as_json = (
        person.wren("integrations", "list", "--remote"),
        person.wren("integrations", "list", "--remote", "--json"),
    )

    assert (plain.code, as_json.code) == (0, 0)
    offered = {item["name"]: item["connected"] for item in as_json.json["integrations"]}
    assert (offered["meter"], offered["gmail"]) == (True, False)
    assert re.search(r"^meter +Meter +1\.0\.0 +apikey +yes", plain.out, re.MULTILINE)
    assert as_json.json["failed"] == []


def test_installed_integrations_are_listed_and_explained(admin):
    listed, shown = admin.wren("integrations", "list", "--json"), admin.wren("integrations", "show", "meter")

    names = [item["name"] for item in listed.json["integrations"]]
    assert {"cron", "gmail", "messaging", "meter", "slack"} <= set(names)
    assert "### `length_of_key()`" in shown.out
    assert admin.wren("integrations", "show", "meter", "--json").json["integrationId"] == "meter"


# --- login, keys, connection to the server ---------------------------------------------------------------------------


def test_login_stores_a_valid_key_for_later_commands(admin):
    logged_in = admin.wren("login", "--json", stdin=admin.key, WREN_API_KEY=None)

    later = admin.wren("status", "--json", WREN_API_URL=None, WREN_API_KEY=None)

    assert (logged_in.code, logged_in.json["url"], later.code) == (0, admin.server.url, 0)
    assert admin.key not in logged_in.out + logged_in.err


def test_login_does_not_store_an_invalid_key(admin):
    wrong = "wren_abcdefgh_" + "x" * 43

    done = admin.wren("login", "--url", admin.server.url, stdin=wrong, WREN_API_URL=None, WREN_API_KEY=None)
    later = admin.wren("status", "--json", WREN_API_URL=None, WREN_API_KEY=None)

    assert (done.code, later.code) == (3, 3)
    assert done.err.startswith(f"error: {admin.server.url} does not accept this key: it is unknown, expired or revoked")
    assert wrong not in done.out + done.err
    assert later.error["code"] == "NOT_LOGGED_IN"


def test_login_reports_a_wrong_url_and_a_wrong_key_differently(admin, mail):
    below = admin.wren("login", "--url", f"{admin.server.url}/docs", "--json", stdin=admin.key, WREN_API_KEY=None)
    other = admin.wren("login", "--url", mail.proxy.url, "--json", stdin=admin.key, WREN_API_KEY=None)

    assert (below.code, below.error["code"]) == (3, "PROFILE_INVALID")
    assert (other.code, other.error["code"]) == (4, "ANSWER_INVALID")


def test_a_revoked_key_fails_every_command_and_the_error_names_its_source(person, admin):
    prefix = person.key.split("_")[1]
    person.server.operator("keys", "revoke", prefix)

    for arguments in (("status",), ("deploy", person.write(HELLO)), ("logs", "-f", "run_0"), ("connect", "gmail")):
        plain, as_json = person.wren(*arguments), person.wren(*arguments, "--json")

        assert (plain.code, as_json.code) == (3, 3), arguments
        assert as_json.error["code"] == "UNAUTHENTICATED"
        assert "the key of WREN_API_KEY was used" in plain.err
        assert person.key not in plain.err + as_json.out


def test_revoking_a_key_ends_its_followed_log(person):
    person.deploy(TALK, "overheard")
    run_id = person.wren("run", "overheard", "--json").json["run_id"]

    with person.started("logs", "-f", run_id, "--json") as process:
        first = json.loads(process.stdout.readline())
        person.server.operator("keys", "revoke", person.key.split("_")[1])
        *_, last = process.stdout.read().splitlines()
        code = process.wait(patience(30))
    person.server.request("POST", f"/v1/runs/{run_id}/cancel")

    assert first["event"] in ("status", "log")
    assert (code, json.loads(last)["error"]["code"]) == (3, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "arguments",
    [
        ("status",),
        ("deploy", "script.py"),
        ("validate", "script.py", "--remote"),
        ("run", "daily"),
        ("logs", "-f", "run_0"),
        ("undeploy", "daily"),
        ("connect", "gmail"),
        ("integrations", "list", "--remote"),
        ("login", "--key", "wren_k"),
    ],
)
def test_a_server_that_does_not_answer_is_named_with_the_next_step(admin, arguments):
    admin.write(HELLO)
    nowhere = f"http://127.0.0.1:{free_port()}"

    done = admin.wren(*arguments, "--json", WREN_API_URL=nowhere)

    assert (done.code, done.error["code"], done.error["can_retry"]) == (4, "SERVER_UNREACHABLE", True)
    assert nowhere in done.error["message"]
    assert "`wren up`" in done.error["message"]


# --- Ctrl-C ---------------------------------------------------------------------------------------------------------


def test_ctrl_c_says_that_the_run_continues_on_the_server(admin):
    admin.deploy(TALK, "left alone")

    with admin.started("run", "left alone", "--wait") as process:
        assert process.stdout.readline() == "word 0\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=patience(30))

    run_id = re.search(r"(run_\S+) continues on the server; follow it with `wren logs -f \1`\n", err)[1]
    assert (process.returncode, admin.server.get(f"/v1/runs/{run_id}")["status"]) == (130, "running")
    assert "Traceback" not in err
    admin.server.request("POST", f"/v1/runs/{run_id}/cancel")


def test_ctrl_c_ends_a_followed_log_and_says_that_the_run_continues(admin):
    admin.deploy(TALK, "cut short")
    run_id = admin.wren("run", "cut short", "--json").json["run_id"]

    with admin.started("logs", "-f", run_id, "--json") as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=patience(30))
    admin.server.request("POST", f"/v1/runs/{run_id}/cancel")

    assert (process.returncode, err) == (130, "")
    assert json.loads(out.splitlines()[-1])["error"]["code"] == "INTERRUPTED"


# --- up -------------------------------------------------------------------------------------------------------------


def test_up_starts_a_server_that_ctrl_c_ends(admin):
    port = free_port()
    with admin.started("up", "--data-dir", str(admin.folder / "data"), "--port", str(port)) as process:
        assert process.stdout.readline() == f"Wren listens on http://127.0.0.1:{port}\n"
        wait_for(lambda: _is_answering(port), seconds=30, what="an answer")
        taken = admin.wren("up", "--data-dir", str(admin.folder / "other"), "--port", str(port))
        process.send_signal(signal.SIGINT)
        out, code = process.stdout.read(), process.wait(patience(30))

    assert code == 0
    assert re.search(r"first API key, shown this once: wren_\w{8}_\S{43}\n", out)
    assert (taken.code, "PORT_TAKEN" in taken.err) == (3, True)


def _is_answering(port):
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=patience(5)).status_code == 200
    except httpx2.TransportError:
        return False
