"""Deployments over HTTP: the fixed names, and what is refused at the door."""

import json
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from wren_backend.app import create_app
from wren_backend.runs import repository as runs
from wren_backend.testing import HOURLY, NOW, add_deployment

DAILY = 'import wren\n\n@wren.on_schedule("0 9 * * *")\ndef daily_report():\n    return 1\n'
METADATA = {
    "integrations": [],
    "triggers": [{"type": "schedule", "func": "daily_report", "config": {"cron": "0 9 * * *"}}],
    "schedules": [{"cron": "0 9 * * *", "func_name": "daily_report"}],
}
JSON = {"content-type": "application/json"}
sqlite_only = pytest.mark.parametrize("database", ["sqlite"], indirect=True)


@pytest.fixture
def deployment(platform, member):
    return add_deployment(platform.database, member.subject, name="report")


def deploy(client, headers=None, **body):
    return client.post("/v1/scripts/deploy", json={"script": DAILY, **body}, headers=headers or {})


def error_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


def test_a_deploy_answers_in_the_fixed_shape(client):
    answer = deploy(client, name="daily_report", metadata=METADATA)

    body = answer.json()
    assert answer.status_code == 200
    assert body.pop("deployment_id").startswith("dep_")
    assert body == {
        "name": "daily_report",
        "status": "active",
        "version": 1,
        "triggers_registered": 1,
        "created_at": "2026-03-02T08:30:00Z",
        "next_run": "2026-03-02T09:00:00Z",
        "findings": [],
    }


@sqlite_only
def test_a_deploy_is_refused_with_all_findings_of_the_check(client):
    script = 'import wren\n@wren.on_schedule("@daily", tz="UTC")\ndef f(event):\n    return event["x"]\n'

    error = deploy(client, script=script, name="report").json()["error"]

    found = error["details"]["findings"]
    assert [(item["code"], item["line"], item["file"]) for item in found] == [
        ("ARGUMENT_UNKNOWN", 2, "report.py"),
        ("ATTRIBUTE_UNKNOWN", 4, "report.py"),
    ]
    assert (error["code"], found[0]["hint"]) == ("ARGUMENT_UNKNOWN", "did you mean 'timezone'?")
    assert "report.py:2" in error["message"]


@sqlite_only
def test_a_script_is_validated_as_a_deploy_checks_it_and_nothing_is_stored(client):
    good, bad = (
        client.post("/v1/scripts/validate", json={"script": script, "name": "report"}).json()
        for script in ("def f(): ...\n", "f(\n")
    )

    assert (good["valid"], [item["code"] for item in good["findings"]], good["errors"]) == (
        *(True, ["TRIGGER_MISSING"], []),
    )
    assert (bad["valid"], [item["code"] for item in bad["findings"]]) == (False, ["SYNTAX_ERROR"])
    assert client.get("/v1/deployments").json()["deployments"] == []


@sqlite_only
def test_a_deploy_without_a_schedule_has_no_next_run(client):
    assert deploy(client, script="def f():\n    pass\n").json()["next_run"] is None


@sqlite_only
def test_a_repeated_deploy_gets_the_first_answer_byte_for_byte(client):
    first, again = (deploy(client, {"Idempotency-Key": "k"}, name="report") for _ in range(2))
    other = deploy(client, {"Idempotency-Key": "k"}, name="another")

    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert error_of(other) == (422, "IDEMPOTENCY_KEY_REUSED")


@sqlite_only
@pytest.mark.parametrize("key", [b"", b"x" * 201])
def test_an_idempotency_key_of_no_use_is_refused_by_its_name(client, key):
    answer = deploy(client, {"Idempotency-Key": key})

    assert error_of(answer) == (422, "INVALID_REQUEST")
    assert answer.json()["error"]["message"].startswith("idempotency-key: ")


@sqlite_only
@pytest.mark.parametrize(
    ("content", "code", "field"),
    [
        ({"script": 7}, "INVALID_REQUEST", "script"),
        ({}, "INVALID_REQUEST", "script"),
        ([], "INVALID_REQUEST", "body"),
        ({"script": DAILY, "nmae": "x"}, "INVALID_REQUEST", "nmae"),
        ({"script": DAILY, "metadata": {"integrations": ["\ud800"]}}, "INVALID_REQUEST", "metadata.integrations.0"),
        (
            {"script": DAILY, "metadata": {"triggers": [{"type": "schedule", "func": "f"}]}},
            *("INVALID_REQUEST", "metadata.triggers.0"),
        ),
        (
            {"script": DAILY, "metadata": {"triggers": [{"type": "x", "func": "f", "config": {"n": float("nan")}}]}},
            *("INVALID_REQUEST", "metadata.triggers.0.config"),
        ),
        (
            {"script": DAILY, "metadata": {"triggers": [{"type": "x", "func": "f", "config": {"n": "\ud800"}}]}},
            *("INVALID_REQUEST", "metadata.triggers.0.config"),
        ),
        ({"script": "# \ud800"}, "SCRIPT_NOT_TEXT", "the script holds NUL or a lone surrogate"),
        ({"script": DAILY, "name": "\ud800"}, "NAME_INVALID", "the name is not valid"),
    ],
)
def test_a_body_that_does_not_fit_names_the_field_and_nothing_is_stored(client, content, code, field):
    answer = client.post("/v1/scripts/deploy", content=json.dumps(content).encode(), headers=JSON)

    assert error_of(answer) == (422, code)
    assert answer.json()["error"]["message"].startswith(field)
    assert client.get("/v1/deployments").json()["deployments"] == []


def test_deployments_are_listed_in_the_fixed_shape(client, platform, member, deployment):
    run = start(client, deployment).json()
    with platform.database.writing() as session:
        runs.request_cancel(session, member.subject.workspace_id, run["run_id"], now=NOW)

    (shown,) = client.get("/v1/deployments").json()["deployments"]

    assert (
        shown.items()
        >= {
            "id": deployment.id,
            "name": "report",
            "status": "active",
            "version": 1,
            "triggers": 1,
            "last_run": None,
            "next_run": "2026-03-02T09:00:00Z",
            "created_at": "2026-03-02T08:30:00Z",
        }.items()
    )


@sqlite_only
def test_the_list_goes_on_where_its_cursor_says(client, platform, member):
    for number in range(3):
        add_deployment(platform.database, member.subject, name=str(number), now=NOW + timedelta(minutes=number))

    first = client.get("/v1/deployments?limit=2").json()
    second = client.get("/v1/deployments", params={"limit": 2, "cursor": first["next_cursor"]}).json()

    names = [item["name"] for page in (first, second) for item in page["deployments"]]
    assert (names, second["next_cursor"]) == (["2", "1", "0"], None)


@sqlite_only
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "INVALID_REQUEST"),
        ("limit=201", "INVALID_REQUEST"),
        ("limit=1000000000", "INVALID_REQUEST"),
        ("limit=1e9", "INVALID_REQUEST"),
        ("limit=", "INVALID_REQUEST"),
        ("cursor=", "CURSOR_INVALID"),
        ("cursor=abc", "CURSOR_INVALID"),
        ("cursor=%00", "CURSOR_INVALID"),
        ("cursor=" + "A" * 401, "INVALID_REQUEST"),
    ],
)
def test_a_page_that_cannot_be_is_refused(client, query, code):
    assert error_of(client.get(f"/v1/deployments?{query}")) == (422, code)


def test_one_deployment_is_shown_with_its_triggers_and_what_it_declares(client, deployment):
    shown = client.get(f"/v1/deployments/{deployment.id}").json()

    (trigger,) = shown["trigger_list"]
    assert (
        trigger.items()
        >= {
            "type": "schedule",
            "func": "report",
            "config": HOURLY.config,
            "next_fire_at": "2026-03-02T09:00:00Z",
            "last_fire_at": None,
            "missed": 0,
            "error": None,
        }.items()
    )
    assert shown["declared"]["triggers"] == [{"type": "schedule", "func": "report"}]
    assert "script" not in shown


@sqlite_only
def test_a_deployment_is_paused_resumed_and_taken_away(client, deployment):
    path = f"/v1/deployments/{deployment.id}"

    answers = [client.post(f"{path}/pause"), client.post(f"{path}/resume"), client.delete(path)]

    assert [(answer.status_code, answer.json()) for answer in answers] == [
        (200, {"id": deployment.id, "status": "paused"}),
        (200, {"id": deployment.id, "status": "active"}),
        (200, {"id": deployment.id, "status": "undeployed"}),
    ]
    assert client.get("/v1/deployments").json()["deployments"] == []
    assert client.get(path).json()["status"] == "undeployed"


def start(client, deployment, **options):
    return client.post(f"/v1/deployments/{deployment.id}/run", **options)


def test_a_run_started_by_hand_is_accepted_with_its_id_and_the_requests_correlation_id(client, deployment):
    answer = start(client, deployment, json={"payload": {"n": 1}}, headers={"X-Correlation-ID": "corr_mine"})

    run = answer.json()
    assert answer.status_code == 202
    assert (run["status"], run["trigger"], run["func"]) == ("queued", "manual", "report")
    assert run["correlation_id"] == answer.headers["x-correlation-id"] == "corr_mine"
    assert run["logs_url"] == f"/v1/runs/{run['run_id']}/logs"


def test_a_start_that_is_repeated_with_its_key_gets_the_same_run(client, deployment):
    key, payload = {"Idempotency-Key": "once"}, {"payload": {"n": 1}}

    first, again = (start(client, deployment, json=payload, headers=key) for _ in range(2))
    other = start(client, deployment, json={"payload": {"n": 2}}, headers=key)
    unkeyed = start(client, deployment, json=payload)

    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json()["run_id"] == again.json()["run_id"] != unkeyed.json()["run_id"]
    assert error_of(other) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert len(client.get("/v1/runs").json()["runs"]) == 2


@sqlite_only
@pytest.mark.parametrize("options", [{}, {"json": {}}, {"content": b"null", "headers": JSON}, {"json": {"func": None}}])
def test_starting_the_only_function_takes_no_body(client, deployment, options):
    assert start(client, deployment, **options).status_code == 202


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (b'{"func": ""}', "func"),
        (b'{"func": "a\\u0000b"}', "func"),
        (b'{"func": "\\ud800"}', "func"),
        (b'{"func": "os.system"}', "func"),
        (b'{"func": 7}', "func"),
        (b'{"fnc": "report"}', "fnc"),
        (b'{"payload": null}', "payload"),
        (b'{"payload": [1]}', "payload"),
        (b'{"payload": {"a": NaN}}', "payload"),
        (b'{"payload": {"a": 1e999}}', "payload"),
        (b'{"payload": {"a": "\\u0000"}}', "payload"),
        (b'{"payload": {"\\ud800": 1}}', "payload"),
        (b'{"payload": {"a": ' + b"[" * 500 + b"]" * 500 + b"}}", "payload"),
    ],
)
@sqlite_only
def test_a_start_that_could_not_be_recorded_is_refused_by_field(client, deployment, content, field):
    answer = start(client, deployment, content=content, headers=JSON)

    assert error_of(answer) == (422, "INVALID_REQUEST")
    assert answer.json()["error"]["message"].startswith(f"{field}: ")
    assert client.get("/v1/runs").json()["runs"] == []


@sqlite_only
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/deployments/{id}"),
        ("DELETE", "/v1/deployments/{id}"),
        ("POST", "/v1/deployments/{id}/pause"),
        ("POST", "/v1/deployments/{id}/resume"),
        ("POST", "/v1/deployments/{id}/run"),
        ("GET", "/v1/deployments/{id}/runs"),
    ],
)
def test_the_deployment_of_another_workspace_is_not_there(client_of, admit, client, deployment, method, path):
    stranger = client_of(admit())

    assert error_of(stranger.request(method, path.format(id=deployment.id))) == (404, "NOT_FOUND")
    assert client.get(f"/v1/deployments/{deployment.id}").json()["status"] == "active"


@pytest.mark.parametrize("id_", ["dep_x", "%00", "a%00b", "%ff", "%ed%a0%80", "x" * 2000])
def test_an_invalid_id_is_not_found_on_either_database(client, id_):
    assert error_of(client.get(f"/v1/deployments/{id_}")) == (404, "NOT_FOUND")


@sqlite_only
def test_the_runs_of_an_undeployed_script_stay_readable(client, deployment):
    run = start(client, deployment).json()
    client.delete(f"/v1/deployments/{deployment.id}")

    shown = client.get(f"/v1/deployments/{deployment.id}/runs").json()["runs"]

    assert [(item["run_id"], item["status"]) for item in shown] == [(run["run_id"], "cancelled")]


@sqlite_only
def test_more_runs_than_may_wait_are_refused_until_one_is_cancelled(build_platform, member):
    platform = build_platform(max_queued_runs=2)
    deployment = add_deployment(platform.database, member.subject, name="report")
    client = TestClient(create_app(platform), headers=member.headers)
    queued = [start(client, deployment) for _ in range(2)]
    refused = start(client, deployment)
    client.post(f"/v1/runs/{queued[0].json()['run_id']}/cancel")
    again = start(client, deployment)
    client.close()

    assert error_of(refused) == (429, "QUEUE_FULL")
    assert "2 runs of this workspace are queued" in refused.json()["error"]["message"]
    assert again.status_code == 202
