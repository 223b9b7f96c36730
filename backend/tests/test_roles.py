"""Users of one workspace: an owner acts on what is theirs, an admin on all of it, others see that it exists."""

import pytest

from wren_backend.runs import repository as runs
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import Subject, issue_key
from wren_backend.tenancy.models import Role
from wren_backend.testing import NOW, add_deployment, add_run

DAILY = 'import wren\n\n@wren.on_schedule("0 9 * * *")\ndef daily_report():\n    return 1\n'
# Method, path, and the status that owner, admin and other users of the workspace get.
ROUTES = [
    ("GET", "/v1/deployments", (200, 200, 200)),
    ("GET", "/v1/deployments/{deployment}", (200, 200, 200)),
    ("GET", "/v1/deployments/{deployment}/versions", (200, 200, 200)),
    ("GET", "/v1/deployments/{deployment}/runs", (200, 200, 200)),
    ("POST", "/v1/deployments/{deployment}/run", (202, 202, 403)),
    ("POST", "/v1/deployments/{deployment}/pause", (200, 200, 403)),
    ("POST", "/v1/deployments/{deployment}/resume", (200, 200, 403)),
    ("DELETE", "/v1/deployments/{deployment}", (200, 200, 403)),
    ("GET", "/v1/runs/{run}", (200, 200, 403)),
    ("GET", "/v1/runs/{run}/logs", (200, 200, 403)),
    ("POST", "/v1/runs/{run}/cancel", (200, 200, 403)),
]


@pytest.fixture
def colleagues(platform, client_of):
    """Clients of three users of one workspace: `owner`, `admin` and `other`; and the subject of the owner."""
    with platform.database.writing() as session:
        workspace = tenancy.add_workspace(session, "acme", name="Acme", now=NOW)
        clients, subjects = {}, {}
        for name, role in (("owner", Role.MEMBER), ("admin", Role.ADMIN), ("other", Role.MEMBER)):
            user = tenancy.add_user(session, workspace.id, name=name, role=role, now=NOW)
            key = issue_key(session, user, name="test", now=NOW).plain.get_secret_value()
            subjects[name] = Subject(workspace_id=workspace.id, user_id=user.id, is_admin=role is Role.ADMIN)
            clients[name] = client_of()
            clients[name].headers["Authorization"] = f"Bearer {key}"
    return clients, subjects


@pytest.fixture
def places(platform, colleagues):
    """The ids of a deployment of the owner and of its run."""
    _, subjects = colleagues
    deployment = add_deployment(platform.database, subjects["owner"], name="report")
    return {"deployment": deployment.id, "run": add_run(platform.database, deployment).id}


@pytest.mark.parametrize(("method", "path", "expected"), ROUTES, ids=[f"{way} {path}" for way, path, _ in ROUTES])
def test_each_route_serves_the_owner_and_admins_and_tells_others_whose_it_is(
    colleagues, places, method, path, expected
):
    clients, _ = colleagues

    # Those who may not act ask first, so that they would find what an owner's request changes.
    answers = {name: clients[name].request(method, path.format(**places)) for name in ("other", "owner", "admin")}

    got = tuple(answers[name].status_code for name in ("owner", "admin", "other"))
    if method == "DELETE":
        expected = (200, 404, 403)  # the owner has undeployed it before
    assert got == expected
    if expected[2] == 403:
        error = answers["other"].json()["error"]
        assert (error["code"], error["details"]["owner"]) == ("NOT_ALLOWED", "owner")
        assert "only owner and the admins" in error["message"]


def test_a_refused_change_changes_nothing(platform, colleagues, places):
    clients, _ = colleagues
    path = f"/v1/deployments/{places['deployment']}"

    for method, address in (("DELETE", path), ("POST", f"{path}/pause"), ("POST", f"{path}/run")):
        clients["other"].request(method, address)

    shown = clients["owner"].get(path).json()
    assert (shown["status"], len(shown["trigger_list"])) == ("active", 1)
    assert len(clients["admin"].get("/v1/runs").json()["runs"]) == 1


def test_lists_show_owners_and_only_the_runs_that_a_user_may_read(colleagues, places):
    clients, _ = colleagues

    for name, count in (("owner", 1), ("admin", 1), ("other", 0)):
        listed = clients[name].get("/v1/deployments").json()["deployments"]
        assert [(item["name"], item["owner"]) for item in listed] == [("report", "owner")]
        assert len(clients[name].get("/v1/runs").json()["runs"]) == count
        assert len(clients[name].get(f"/v1/deployments/{places['deployment']}/runs").json()["runs"]) == count


def test_a_deployment_of_another_user_is_replaced_only_when_this_is_asked_for(platform, colleagues):
    clients, subjects = colleagues
    first = clients["owner"].post("/v1/scripts/deploy", json={"script": DAILY, "name": "daily"}).json()

    refused = clients["other"].post("/v1/scripts/deploy", json={"script": DAILY, "name": "daily"})
    by_admin = clients["admin"].post("/v1/scripts/deploy", json={"script": DAILY, "name": "daily"})
    kept = clients["owner"].get(f"/v1/deployments/{first['deployment_id']}").json()
    taken = clients["admin"].post("/v1/scripts/deploy", json={"script": DAILY, "name": "daily", "take_over": True})
    started = clients["admin"].post(f"/v1/deployments/{first['deployment_id']}/run").json()

    error = refused.json()["error"]
    assert (refused.status_code, error["code"], error["details"]["owner"]) == (409, "DEPLOYMENT_OWNED", "owner")
    assert "--take-over" in error["message"]
    assert by_admin.status_code == 409, "an admin, too, must ask for it: the accounts of its runs change"
    assert (kept["version"], kept["owner"]) == (1, "owner")
    assert (taken.status_code, taken.json()["version"]) == (200, 2)
    with platform.database.reading() as session:
        run = runs.find_run(session, subjects["admin"].workspace_id, started["run_id"])
    assert run.user_id == subjects["admin"].user_id


def test_a_member_takes_over_nothing_of_another_user(colleagues):
    clients, _ = colleagues
    clients["owner"].post("/v1/scripts/deploy", json={"script": DAILY, "name": "daily"})

    answer = clients["other"].post("/v1/scripts/deploy", json={"script": DAILY, "name": "daily", "take_over": True})

    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "NOT_ALLOWED")


def test_a_run_that_an_admin_asks_for_uses_the_accounts_of_the_owner(platform, colleagues, places):
    clients, subjects = colleagues

    started = clients["admin"].post(f"/v1/deployments/{places['deployment']}/run").json()

    with platform.database.reading() as session:
        run = runs.find_run(session, subjects["owner"].workspace_id, started["run_id"])
    assert run.user_id == subjects["owner"].user_id


def test_an_idempotency_key_is_its_users(colleagues):
    clients, _ = colleagues
    key = {"Idempotency-Key": "same"}

    mine = clients["owner"].post("/v1/scripts/deploy", json={"script": DAILY, "name": "daily"}, headers=key)
    theirs = clients["other"].post("/v1/scripts/deploy", json={"script": DAILY, "name": "daily"}, headers=key)

    assert (mine.status_code, theirs.status_code) == (200, 409)


def test_a_start_that_two_users_ask_for_with_one_key_is_two_starts(colleagues, places):
    clients, _ = colleagues
    path, key = f"/v1/deployments/{places['deployment']}/run", {"Idempotency-Key": "same"}

    started = {clients[name].post(path, headers=key).json()["run_id"] for name in ("owner", "admin", "owner")}

    assert len(started) == 2
