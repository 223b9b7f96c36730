"""The versions of a deployment over HTTP: who deployed what, and when, without the scripts."""

import hashlib
from datetime import timedelta

from wren_backend.testing import HOURLY, NOW, add_deployment


def deploy(platform, member, number):
    return add_deployment(
        platform.database,
        member.subject,
        script=f"secret = {number}\n",
        declarations=[HOURLY],
        now=NOW + timedelta(hours=number),
    )


def test_every_version_says_who_deployed_what_and_when(platform, member, client):
    deployment = [deploy(platform, member, number) for number in range(2)][-1]

    answer = client.get(f"/v1/deployments/{deployment.id}/versions")

    newest, oldest = answer.json()["versions"]
    assert (newest["version"], oldest["version"]) == (2, 1)
    assert newest["sha256"] == hashlib.sha256(b"secret = 1\n").hexdigest()
    assert newest["created_by"] == member.subject.user_id
    assert (oldest["created_at"], newest["created_at"]) == ("2026-03-02T08:30:00Z", "2026-03-02T09:30:00Z")
    assert newest["declared"]["triggers"] == [{"type": "schedule", "func": "report"}]
    assert "secret" not in answer.text


def test_the_versions_come_page_by_page(platform, member, client):
    deployment = [deploy(platform, member, number) for number in range(3)][-1]
    path = f"/v1/deployments/{deployment.id}/versions"

    first = client.get(path, params={"limit": 2}).json()
    second = client.get(path, params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [row["version"] for row in first["versions"] + second["versions"]] == [3, 2, 1]
    assert second["next_cursor"] is None


def test_a_cursor_of_another_deployment_leads_nowhere(platform, member, client):
    deployments = [
        add_deployment(platform.database, member.subject, name=name, script=str(number))
        for name in ("one", "other")
        for number in range(2)
    ]
    one, other = deployments[0].id, deployments[-1].id
    cursor = client.get(f"/v1/deployments/{one}/versions?limit=1").json()["next_cursor"]

    answer = client.get(f"/v1/deployments/{other}/versions", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "CURSOR_INVALID")


def test_the_versions_of_another_workspaces_deployment_are_not_found(platform, member, admit, client_of):
    deployment = deploy(platform, member, 0)

    answer = client_of(admit()).get(f"/v1/deployments/{deployment.id}/versions")

    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (404, "AgentFixableError", "NOT_FOUND")
    assert deployment.id in error["message"]
