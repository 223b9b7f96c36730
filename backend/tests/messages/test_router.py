from datetime import timedelta

import pytest

from wren_backend.messages import repository as messages
from wren_backend.messages.repository import NewMessage
from wren_backend.testing import NOW


def leave(platform, member, body="hello", *, minutes=0):
    with platform.database.writing() as session:
        return messages.add_message(
            session,
            member.subject.workspace_id,
            NewMessage(sender="report", body=body),
            now=NOW + timedelta(minutes=minutes),
        ).id


def bodies(answer):
    return [message["body"] for message in answer["messages"]]


def test_the_inbox_is_read_newest_first_page_by_page(platform, member, client):
    for number in range(3):
        leave(platform, member, str(number), minutes=number)

    first = client.get("/v1/messages?limit=2").json()
    second = client.get("/v1/messages", params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert (bodies(first), bodies(second)) == (["2", "1"], ["0"])
    assert second["next_cursor"] is None


def test_a_message_marked_as_read_says_since_when_and_a_second_time_changes_nothing(platform, member, client):
    message_id = leave(platform, member)

    first, second = (client.post(f"/v1/messages/{message_id}/read") for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 200)
    assert (first.json()["id"], first.json()["body"]) == (message_id, "hello")
    assert first.json()["read_at"] is not None
    assert second.json() == first.json()
    assert client.get("/v1/messages").json()["messages"] == [first.json()]


def test_an_unread_message_says_so(platform, member, client):
    leave(platform, member)

    assert client.get("/v1/messages").json()["messages"][0]["read_at"] is None


def test_a_message_of_another_workspace_cannot_be_marked(platform, member, admit, client_of):
    message_id = leave(platform, member)

    answer = client_of(admit()).post(f"/v1/messages/{message_id}/read")

    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["code"]) == (404, "AgentFixableError", "NOT_FOUND")
    assert error["message"] == f"there is no message '{message_id}' in this workspace"
    assert client_of(member).get("/v1/messages").json()["messages"][0]["read_at"] is None


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_cursor_of_another_workspace_leads_nowhere(platform, member, admit, client, client_of):
    for number in range(2):
        leave(platform, member, minutes=number)
    cursor = client.get("/v1/messages?limit=1").json()["next_cursor"]

    answer = client_of(admit()).get("/v1/messages", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "CURSOR_INVALID")
