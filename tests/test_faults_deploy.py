"""Repeated and concurrent deploys of one name, and deployments that are removed during their runs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlmodel import update

from servers.backend import backend, wait_for
from wren_backend.storage.database import open_database
from wren_backend.triggers.models import Trigger

DAILY = 'import wren\n\n@wren.on_schedule("0 9 * * *")\ndef daily():\n    return {value}\n'
WAITING = """
import time, wren

@wren.on_schedule("0 9 * * *")
def daily():
    print("begun")
    time.sleep({seconds})
    return "ended normally"
"""
# Two of its triggers are those of the previous version, the third is new, the fourth is removed.
VERSIONS = [
    '@wren.on_schedule("0 9 * * *")\ndef kept():\n    return 1\n'
    '@wren.on_schedule("0 10 * * *")\ndef moved():\n    return 1\n'
    '@wren.on_schedule("0 11 * * *")\ndef dropped():\n    return 1\n',
    '@wren.on_schedule("0 9 * * *")\ndef kept():\n    return 2\n'
    '@wren.on_schedule("30 10 * * *")\ndef moved():\n    return 2\n',
]


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request, tmp_path_factory):
    """A backend on each of the two databases."""
    home = tmp_path_factory.mktemp(f"deploys-{request.param}")
    if request.param == "sqlite":
        with backend(home) as running:
            yield running
        return
    with request.getfixturevalue("postgres_server").database() as url, backend(home, {"WREN_DATABASE_URL": url}) as up:
        yield up


@pytest.fixture(scope="module")
def stranger(server):
    """A key of another workspace."""
    return server.operator("keys", "issue", "stranger", "--workspace", "other")


@pytest.fixture
def name(request):
    """A different name for each test."""
    return request.node.originalname.removeprefix("test_")[:60]


def test_twenty_requests_with_one_idempotency_key_deploy_once_and_get_one_response(server, stranger, name):
    body = {"script": DAILY.format(value=1), "name": name}
    headers = {"Idempotency-Key": name}

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: post(server, body, headers), range(20)))
    later = post(server, body, headers)

    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    assert {answer.content for answer in [*answers, later]} == {answers[0].content}
    assert answers[0].json()["version"] == 1
    assert [item["version"] for item in deployed(server, name)] == [1]

    other_body = post(server, {**body, "script": DAILY.format(value=2)}, headers)
    other_workspace = post(server, body, {**headers, "Authorization": f"Bearer {stranger}"})
    other_key = post(server, body, {"Idempotency-Key": f"{name} again"})

    assert (other_body.status_code, other_body.json()["error"]["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert other_workspace.json()["version"] == 1
    assert other_workspace.json()["deployment_id"] != answers[0].json()["deployment_id"]
    assert (other_key.json()["deployment_id"], other_key.json()["version"]) == (answers[0].json()["deployment_id"], 2)


def test_a_refused_request_does_not_consume_its_idempotency_key(server, name):
    headers = {"Idempotency-Key": name}
    refused = post(server, {"script": "def broken(:", "name": name}, headers)

    answer = post(server, {"script": DAILY.format(value=1), "name": name}, headers)

    assert refused.status_code == 422
    assert (answer.status_code, answer.json()["version"]) == (200, 1), answer.text


def test_concurrent_deploys_of_one_name_are_numbered_without_gaps(server, name):
    with ThreadPoolExecutor(8) as pool:
        bodies = [{"script": DAILY.format(value=value), "name": name} for value in range(8)]
        answers = list(pool.map(lambda body: post(server, body), bodies))

    made = [answer.json() for answer in answers]
    assert sorted(item["version"] for item in made) == list(range(1, 9)), made
    assert len({item["deployment_id"] for item in made}) == 1
    assert [item["version"] for item in deployed(server, name)] == [8]
    # The script with the last number runs.
    last = next(value for value, item in enumerate(made) if item["version"] == 8)
    assert server.finished_run(server.start_run(made[0]["deployment_id"]))["result"] == last


@pytest.mark.parametrize(
    ("first", "second"),
    [("Report", "REPORT"), ("Straße", "STRASSE"), ("\ufb01les", "files"), ("\uff57ide", "wide")],
)
def test_a_confusable_name_is_refused_while_the_other_is_deployed(server, first, second):
    made = server.deploy(DAILY.format(value=1), name=first)

    refused = post(server, {"script": DAILY.format(value=1), "name": second})
    server.request("DELETE", f"/v1/deployments/{made['deployment_id']}").raise_for_status()
    afterwards = post(server, {"script": DAILY.format(value=1), "name": second})

    error = refused.json()["error"]
    assert (refused.status_code, error["type"], error["code"]) == (409, "AgentFixableError", "NAME_TAKEN"), error
    assert error["details"]["existing"] == first
    assert (afterwards.status_code, afterwards.json()["version"]) == (200, 1)
    server.request("DELETE", f"/v1/deployments/{afterwards.json()['deployment_id']}")


def test_composed_and_decomposed_letters_are_the_same_name(server, name):
    made = server.deploy(DAILY.format(value=1), name=f"{name} caf\u00e9")

    again = server.deploy(DAILY.format(value=2), name=f"{name} cafe\u0301")

    assert (again["deployment_id"], again["version"]) == (made["deployment_id"], 2)


def test_undeploying_lets_the_active_run_finish_cancels_the_queue_and_frees_the_name(server, name):
    made = server.deploy(WAITING.format(seconds=3), name=name)
    started = [server.start_run(made["deployment_id"]) for _ in range(4)]
    active = wait_for(lambda: begun(server, started, 2), seconds=20, what="as many runs as there are workers")

    gone = server.request("DELETE", f"/v1/deployments/{made['deployment_id']}")
    ended = {run: server.finished_run(run) for run in started}

    assert gone.json()["status"] == "undeployed"
    assert {run: item["status"] for run, item in ended.items()} == {
        run: "success" if run in active else "cancelled" for run in started
    }
    assert {ended[run]["result"] for run in active} == {"ended normally"}
    for method, path in [("GET", ""), ("POST", "/run"), ("POST", "/pause"), ("POST", "/resume"), ("DELETE", "")]:
        answer = server.request(method, f"/v1/deployments/{made['deployment_id']}{path}")
        assert (answer.status_code, method, path) == (200 if method == "GET" else 404, method, path)
    assert deployed(server, name) == []
    again = server.deploy(DAILY.format(value=1), name=name)
    assert (again["version"], again["deployment_id"] != made["deployment_id"]) == (1, True)


def test_a_new_version_keeps_its_triggers_and_the_active_run(server, name):
    first = server.deploy("import wren\n" + VERSIONS[0], name=name)
    before = triggers(server, first)
    slow = server.deploy(WAITING.format(seconds=3), name=f"{name} slow")
    run_id = server.start_run(slow["deployment_id"])
    wait_for(lambda: "begun" in server.log_text(run_id), seconds=20, what="the script")

    second = server.deploy("import wren\n" + VERSIONS[1], name=name)
    server.deploy(DAILY.format(value="'the new one'"), name=f"{name} slow")
    after = triggers(server, second)

    assert (second["deployment_id"], second["version"], second["triggers_registered"]) == (first["deployment_id"], 2, 2)
    assert set(before) == {"kept 0 9 * * *", "moved 0 10 * * *", "dropped 0 11 * * *"}
    assert set(after) == {"kept 0 9 * * *", "moved 30 10 * * *"}
    assert after["kept 0 9 * * *"] == before["kept 0 9 * * *"]
    assert after["moved 30 10 * * *"]["id"] != before["moved 0 10 * * *"]["id"]
    # Back to the first version: all triggers are unchanged.
    third = server.deploy("import wren\n" + VERSIONS[0], name=name)
    assert {key: item["id"] for key, item in triggers(server, third).items()} == {
        key: item["id"] for key, item in before.items()
    }
    old = server.finished_run(run_id)
    assert (old["status"], old["result"], old["version"]) == ("success", "ended normally", 1)
    new = server.finished_run(server.start_run(slow["deployment_id"]))
    assert (new["result"], new["version"]) == ("the new one", 2)


def test_a_fire_time_during_a_pause_is_not_made_up_for(server, name):
    made = server.deploy(DAILY.format(value=1), name=name)
    address = f"/v1/deployments/{made['deployment_id']}"

    paused = server.request("POST", f"{address}/pause").json()
    again = server.request("POST", f"{address}/pause").json()
    while_paused = server.get(address)
    by_hand = server.finished_run(server.start_run(made["deployment_id"]))
    resumed = server.request("POST", f"{address}/resume").json()
    afterwards = server.get(address)
    set_due(server, made)
    fired = wait_for(lambda: ended_runs(server, made, 2), seconds=20, what="the run of the schedule")

    assert (paused["status"], again["status"], resumed["status"]) == ("paused", "paused", "active")
    assert (while_paused["status"], while_paused["next_run"]) == ("paused", None)
    assert by_hand["status"] == "success"
    assert (afterwards["status"], afterwards["next_run"]) == ("active", made["next_run"])
    assert [run["trigger"] for run in fired] == ["schedule", "manual"]


def post(server, body, headers=None):
    return server.request("POST", "/v1/scripts/deploy", json=body, headers=headers or {})


def deployed(server, name):
    return [item for item in server.get("/v1/deployments")["deployments"] if item["name"] == name]


def begun(server, runs, count):
    found = [run for run in runs if "begun" in server.log_text(run)]
    return found if len(found) == count else None


def triggers(server, made):
    listed = server.get(f"/v1/deployments/{made['deployment_id']}")["trigger_list"]
    return {f"{item['func']} {item['config']['cron']}": item for item in listed}


def ended_runs(server, made, count):
    runs = server.get(f"/v1/deployments/{made['deployment_id']}/runs")["runs"]
    return runs if len(runs) == count and all(run["completed_at"] for run in runs) else None


def set_due(server, made):
    """Let the fire time of the current minute come."""
    url = server.variables.get("WREN_DATABASE_URL", f"sqlite:///{server.data_dir / 'wren.db'}")
    database = open_database(url)
    with database.writing() as session:
        now = datetime.now(UTC).replace(second=0, microsecond=0)
        session.exec(update(Trigger).where(Trigger.deployment_id == made["deployment_id"]).values(next_fire_at=now))
    database.dispose()
