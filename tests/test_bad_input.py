"""Invalid input gets a clear error with type, code and a message with the next step. Nothing is stored."""

import json
import re
import subprocess
import sys
import uuid
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import httpx2
import pytest

from servers.backend import backend, connect, wait_for
from servers.consent import consent_google
from servers.faults import FaultPlan, answering
from servers.google import PERSON, TOKEN, google
from servers.process import clean_variables
from wren_gmail.fake import ALL_SCOPES

SCHEDULED = 'import wren\n\n@wren.on_schedule("0 9 * * *")\ndef daily():\n    return 1\n'
READING = (
    "import wren\ngmail = wren.integrations.gmail.init()\n\n"
    '@wren.on_schedule("0 9 * * *")\ndef count():\n    return len(gmail.labels())\n'
)


@pytest.fixture(scope="module")
def provider():
    with google() as running:
        yield running


@pytest.fixture(scope="module")
def server(provider, tmp_path_factory):
    with backend(tmp_path_factory.mktemp("bad-input"), provider.variables) as running:
        yield running


@pytest.fixture
def newcomer(server):
    """A user in a separate workspace, without connections."""
    slug = f"newcomer-{uuid.uuid4().hex[:8]}"
    return replace(server, key=operator(server, "keys", "issue", "test", "--workspace", slug).strip())


def deploy(server, script=SCHEDULED, **fields):
    return server.request("POST", "/v1/scripts/deploy", json={"script": script, **fields})


def error_of(answer, status):
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["correlation_id"] == answer.headers["x-correlation-id"]
    assert set(error) >= {"type", "code", "message", "correlation_id", "can_retry"}
    return error


def script_with(body, decorator='@wren.on_schedule("0 9 * * *")'):
    return f"import wren\n{body}\n{decorator}\ndef daily():\n    return 1\n"


@pytest.mark.parametrize(
    ("script", "status", "kind", "code", "message"),
    [
        ("def broken(:\n    pass\n", 422, "AgentFixableError", "SYNTAX_ERROR", r"invalid syntax"),
        (script_with("1 / 0"), 422, "AgentFixableError", "IMPORT_FAILED", r"division by zero"),
        (script_with("import sys; sys.exit(3)"), 422, "AgentFixableError", "IMPORT_EXITED", r"exit"),
        (
            script_with("", '@wren.on_schedule("61 * * * *")'),
            *(422, "AgentFixableError", "CRON_INVALID", r"minute '61' is not valid: expected 0-59; for example \*/15"),
        ),
        (
            script_with("", '@wren.on_schedule("* * * * *", timezone="Mars/Olympus")'),
            *(422, "AgentFixableError", "CRON_INVALID", r"timezone 'Mars/Olympus' is not valid.*Europe/Berlin"),
        ),
        (
            script_with("x = wren.integrations.gmial.init()"),
            *(
                422,
                "AgentFixableError",
                "INTEGRATION_UNKNOWN",
                r"no integration 'gmial' is installed; did you mean 'gmail'",
            ),
        ),
        (
            script_with("x = wren.integrations.slack.init(default_chanel='general')"),
            *(
                422,
                "AgentFixableError",
                "CONFIG_INVALID",
                r"slack.init has no value 'default_chanel'; did you mean 'default_channel'",
            ),
        ),
        (
            script_with("x = wren.integrations.slack.init(default_channel=7)"),
            *(422, "AgentFixableError", "CONFIG_INVALID", r"slack.init: default_channel: .*string"),
        ),
        (
            script_with("", '@wren.on_email(from_="boss@example.com")'),
            *(422, "AgentFixableError", "TRIGGER_UNSUPPORTED", r"daily has a trigger of type 'email'.*cannot fire yet"),
        ),
        ("x = 1\x00\n", 422, "AgentFixableError", "SCRIPT_NOT_TEXT", r"NUL"),
        ("", 422, "AgentFixableError", "SCRIPT_NOT_TEXT", r"empty"),
        ("#" + "x" * 2**20, 413, "AgentFixableError", "SCRIPT_TOO_LARGE", r"1048577 bytes; 1048576 is the most"),
        (
            script_with("x = wren.integrations.gmail.init()"),
            *(409, "UserFacingConfigError", "INTEGRATION_NOT_CONFIGURED", r"(?i)gmail.*connect"),
        ),
    ],
)
def test_an_invalid_script_is_refused_by_name_and_not_stored(server, script, status, kind, code, message):
    error = error_of(deploy(server, script), status)

    assert (error["type"], error["code"]) == (kind, code), error
    assert re.search(message, error["message"]), error
    assert server.get("/v1/deployments")["deployments"] == []


@pytest.mark.parametrize(("body", "line"), [("1 / 0", 2), ("x = 1\ndef broken(:", 3)])
def test_an_error_of_the_script_names_the_file_and_the_line(server, body, line):
    error = error_of(deploy(server, script_with(body), name="daily report"), 422)

    assert (error["details"]["file"], error["details"]["line"]) == ("daily report.py", line), error


def test_a_missing_credentials_error_has_the_page_to_connect(server):
    error = error_of(deploy(server, script_with("x = wren.integrations.gmail.init()")), 409)

    assert error["action_url"].startswith(f"{server.url}/integrations/gmail/setup")


def test_an_expired_access_without_refresh_is_refused_with_the_page_to_authorise_it_again(
    newcomer, provider, without_refresh_token
):
    without_refresh_token(seconds=1)
    provider.connect(newcomer)

    answer = wait_for(lambda: refused(deploy(newcomer, READING)), seconds=10, what="the end of the access")

    assert_must_reauthorise(
        newcomer, answer, "OAUTH_TOKEN_EXPIRED", r"access to Gmail \(default\) has ended and cannot be refreshed"
    )


def test_a_partial_consent_is_refused_with_the_missing_scopes(newcomer):
    connect(newcomer, "gmail", lambda url: consent_google(unticked(url, "gmail.send"), email=PERSON))

    answer = deploy(newcomer, READING)

    error = assert_must_reauthorise(
        newcomer, answer, "OAUTH_SCOPE_MISSING", r"Gmail \(default\) was not granted https://\S+gmail\.send;"
    )
    assert [scope.rsplit("/")[-1] for scope in error["details"]["missing"]] == ["gmail.send"]


def test_revoked_access_fails_the_run_and_the_next_deploy(newcomer, provider):
    provider.connect(newcomer)
    made = newcomer.deploy(READING, name="before")
    provider.gmail.oauth.revoke_everything()

    run = newcomer.finished_run(newcomer.start_run(made["deployment_id"]))
    answer = deploy(newcomer, READING, name="after")

    said = r"Gmail \(default\) must be authorised again: "
    error = assert_must_reauthorise(newcomer, answer, "CONNECTION_NEEDS_REAUTH", said)
    assert (run["status"], run["error"]["type"], run["error"]["code"]) == ("failed", error["type"], error["code"])
    assert re.match(said, run["error"]["message"]), run["error"]
    assert run["error"]["action_url"] == error["action_url"]


@pytest.fixture
def without_refresh_token(provider):
    """Let Google issue an access token that expires soon, without a refresh token."""

    def hand_out(*, seconds):
        body = {**provider.gmail.oauth.issue(provider.gmail.oauth.users[0], list(ALL_SCOPES)), "expires_in": seconds}
        del body["refresh_token"]
        provider.proxy.inject(answering(200, json.dumps(body).encode()), path=TOKEN)

    yield hand_out
    provider.proxy.plan = FaultPlan()


def unticked(authorize_url, scope):
    """Return the URL of the consent page after the user unticked one of the boxes."""
    parts = urlsplit(authorize_url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    query["scope"] = " ".join(each for each in query["scope"].split() if not each.endswith(scope))
    return urlunsplit(parts._replace(query=urlencode(query)))


def refused(answer):
    return answer if answer.status_code != 200 else None


def assert_must_reauthorise(server, answer, code, message):
    error = error_of(answer, 409)
    assert (error["type"], error["code"], error["can_retry"]) == ("UserFacingConfigError", code, False)
    assert re.search(message, error["message"]), error
    assert error["action_url"] == f"{server.url}/integrations/gmail/reauthorize"
    return error


@pytest.mark.parametrize(
    ("metadata", "difference"),
    [
        ({"integrations": ["gmail"], "triggers": []}, "gmail"),
        ({"triggers": [{"type": "schedule", "func": "daily", "config": {"cron": "0 8 * * *"}}]}, "0 8 * * *"),
        ({"triggers": [{"type": "schedule", "func": "weekly", "config": {"cron": "0 9 * * *"}}]}, "weekly"),
    ],
)
def test_metadata_that_contradicts_the_script_is_refused_with_both_values(server, metadata, difference):
    error = error_of(deploy(server, metadata=metadata), 422)

    assert (error["type"], error["code"]) == ("AgentFixableError", "METADATA_MISMATCH")
    assert error["message"].startswith("the metadata sent with the script is not what the script declares; send what")
    assert difference in json.dumps(error["details"]["metadata_says"])
    assert error["details"]["script_declares"]["triggers"][0]["func"] == "daily"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"script": 7}, "script: Input should be a valid string"),
        ({}, "script: Field required"),
        ({"script": SCHEDULED, "scirpt": ""}, "scirpt: Extra inputs are not permitted"),
        ({"script": SCHEDULED, "name": ["x"]}, "name: Input should be a valid string"),
        (
            {"script": SCHEDULED, "metadata": []},
            "metadata: Input should be a valid dictionary or object to extract fields from",
        ),
        (
            {"script": SCHEDULED, "metadata": {"integrations": "gmail"}},
            "metadata.integrations: Input should be a valid list",
        ),
        (
            {"script": SCHEDULED, "metadata": {"triggers": [{"type": "schedule"}]}},
            "metadata.triggers.0.func: Field required",
        ),
    ],
)
def test_json_of_the_wrong_shape_names_the_field(server, body, message):
    error = error_of(server.request("POST", "/v1/scripts/deploy", json=body), 422)

    assert (error["type"], error["code"], error["message"]) == ("AgentFixableError", "INVALID_REQUEST", message)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a\\u0000b", "it holds U+0000, which a name may not"),
        ("a\\ud800b", "it holds U+D800, which a name may not"),
        ("a\\u202eb", "it holds U+202E, which a name may not"),
        ("a\\nb", "it holds U+000A, which a name may not"),
        ("", "it is empty"),
        ("   ", "it is empty"),
        ("x" * 200, "it has 200 characters; 120 is the most"),
        ("../../etc/x", "it holds U+002F (/), which a name may not"),
        ("/etc/passwd", "it holds U+002F (/), which a name may not"),
        ("%2e%2e%2f", "it reads like a path"),
    ],
)
def test_deceptive_names_and_paths_are_refused(server, name, reason):
    body = f'{{"script": {json.dumps(SCHEDULED)}, "name": "{name}"}}'

    answer = server.request(
        "POST", "/v1/scripts/deploy", content=body.encode(), headers={"content-type": "application/json"}
    )

    error = error_of(answer, 422)
    assert (error["type"], error["code"]) == ("AgentFixableError", "NAME_INVALID")
    assert error["message"] == f"the name is not valid: {reason}"
    assert server.get("/v1/deployments")["deployments"] == []


@pytest.mark.parametrize(
    ("content", "status", "code", "message"),
    [
        (b"{not json", 400, "MALFORMED_JSON", "the body is not valid JSON"),
        (b"[" * 100_000, 400, "MALFORMED_JSON", "the body is nested deeper than 512 levels; make it flatter"),
        (b"\xff\xfe{}", 400, "MALFORMED_JSON", "the body is not valid JSON"),
        (
            b'{"script": "' + b"x" * 2**23 + b'"}',
            *(413, "BODY_TOO_LARGE"),
            "the body is larger than 6.25 MiB (6553600 bytes), the most that this address takes; send less",
        ),
    ],
    ids=["syntax", "depth", "encoding", "size"],
)
def test_an_unreadable_body_is_refused_and_the_server_keeps_running(server, content, status, code, message):
    answer = server.request("POST", "/v1/scripts/deploy", content=content, headers={"content-type": "application/json"})

    error = error_of(answer, status)
    assert (error["type"], error["code"], error["message"]) == ("AgentFixableError", code, message)
    assert server.get("/healthz") == {"status": "ok"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sneder": "x"}, r"gmail: configuration field 'sneder'.*sender"),
        ({"max_attachment_mb": "many"}, r"gmail: configuration field 'max_attachment_mb'.*(number|integer)"),
    ],
)
def test_a_connection_with_an_unknown_or_mistyped_config_is_refused_by_field(server, wrong, message):
    error = error_of(server.request("POST", "/v1/connections", json={"integration": "gmail", "config": wrong}), 422)

    assert (error["type"], error["code"]) == ("AgentFixableError", "CONFIG_INVALID")
    assert re.search(message, error["message"]), error


def test_an_unknown_function_fails_its_run_and_is_named(server):
    made = deploy(server, name="for a missing function").json()

    started = server.request("POST", f"/v1/deployments/{made['deployment_id']}/run", json={"func": "dayly"})
    run = server.finished_run(started.json()["run_id"])
    server.request("DELETE", f"/v1/deployments/{made['deployment_id']}")

    assert run["status"] == "failed"
    assert (run["error"]["type"], run["error"]["code"]) == ("AgentFixableError", "FUNCTION_UNDEFINED"), run["error"]
    assert re.search(r"no function 'dayly'.*daily", run["error"]["message"]), run["error"]


NO_KEY = "the API key is missing, unknown, expired or revoked; run `wren login`"


@pytest.mark.parametrize("key", ["", "wren_abcdefgh_" + "x" * 43, "Basic abc"])
def test_a_request_without_a_valid_key_is_refused(server, key):
    headers = {"Authorization": f"Bearer {key}"} if key else {}

    error = error_of(httpx2.get(f"{server.url}/v1/deployments", headers=headers), 401)

    assert (error["type"], error["code"]) == ("UserFacingConfigError", "UNAUTHENTICATED")
    assert error["message"] == NO_KEY


def test_a_valid_key_in_the_url_is_refused(server):
    error = error_of(httpx2.get(f"{server.url}/v1/deployments?api_key={server.key}"), 422)

    assert (error["type"], error["code"]) == ("AgentFixableError", "KEY_IN_URL")
    assert error["message"] == "send the API key as `Authorization: Bearer ...`, never in the URL"


def test_a_revoked_key_is_refused_from_the_next_request_on(server):
    key = operator(server, "keys", "issue", "to be revoked").strip()
    headers = {"Authorization": f"Bearer {key}"}
    before = httpx2.get(f"{server.url}/v1/deployments", headers=headers).status_code

    operator(server, "keys", "revoke", key.split("_")[1])

    assert before == 200
    error = error_of(httpx2.get(f"{server.url}/v1/deployments", headers=headers), 401)
    assert (error["type"], error["code"], error["message"]) == ("UserFacingConfigError", "UNAUTHENTICATED", NO_KEY)


def test_every_route_with_an_id_hides_objects_of_other_workspaces(server, newcomer):
    ids = things_with_an_id(server)
    routes = [
        (method.upper(), path)
        for path, operations in server.get("/openapi.json")["paths"].items()
        for method in operations
        if path.startswith("/v1/") and any(f"{{{name}}}" in path for name in ids)
    ]

    answers = {
        f"{method} {path}": newcomer.request(
            method, path.format(**ids), json={} if method in ("POST", "PATCH") else None
        )
        for method, path in routes
    }
    server.request("DELETE", f"/v1/deployments/{ids['deployment_id']}")

    assert {name for name in ids if not any(f"{{{name}}}" in route for route in answers)} == set()
    assert len(routes) >= 14
    for route, answer in answers.items():
        name = next(name for name in ids if f"{{{name}}}" in route)
        error = error_of(answer, 404)
        assert (error["type"], error["code"]) == ("AgentFixableError", "NOT_FOUND"), route
        said = f"there is no {name.removesuffix('_id')} '{ids[name]}'"
        assert error["message"].removesuffix(" in this workspace") == said, route


def things_with_an_id(server):
    """Create one object of each kind with an id, and return the ids by their names in URLs."""
    script = script_with("inbox = wren.integrations.messaging.init()").replace("return 1", 'inbox.send("hello")')
    made = deploy(server, script, name="somebody's").json()
    run_id = server.start_run(made["deployment_id"])
    server.finished_run(run_id)
    connection = server.request("POST", "/v1/connections", json={"integration": "gmail"}).json()
    return {
        "deployment_id": made["deployment_id"],
        "run_id": run_id,
        "connection_id": connection["connection_id"],
        "message_id": server.get("/v1/messages")["messages"][0]["id"],
    }


def operator(server, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "wren_backend", *arguments, "--data-dir", str(server.data_dir)],
        env=clean_variables(server.home),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
