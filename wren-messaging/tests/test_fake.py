import httpx2
import pytest

from wren_core import Rejected
from wren_core.errors import HostUnavailable
from wren_core.testing import serve
from wren_messaging.fake import FakeInbox


@pytest.fixture
def inbox():
    return FakeInbox(sender="report")


def send(inbox, **payload):
    return inbox.request("messages.send", {"body": "hi", **payload})


def test_a_message_has_the_fields_of_the_platform(inbox):
    answer = send(inbox, subject="s", to="ada")

    assert set(answer) == {"id", "sender", "to", "subject", "body", "created_at", "run_id"}
    assert (answer["sender"], answer["subject"], answer["to"], answer["body"]) == ("report", "s", "ada", "hi")


def test_ids_are_unique(inbox):
    assert len({send(inbox)["id"] for _ in range(3)}) == 3


def test_the_newest_messages_come_first_up_to_the_limit(inbox):
    for body in ("one", "two", "three"):
        send(inbox, body=body)

    listed = inbox.request("messages.list", {"limit": 2})["messages"]

    assert [message["body"] for message in listed] == ["three", "two"]


def test_other_operations_are_refused(inbox):
    with pytest.raises(HostUnavailable, match=r"credentials\.refresh"):
        inbox.request("credentials.refresh", {"integration": "messaging"})


def test_a_requested_failure_happens_once(inbox):
    inbox.fail_with(Rejected("full"))

    with pytest.raises(Rejected, match="full"):
        send(inbox)
    send(inbox)

    assert len(inbox.messages) == 1


def test_the_page_shows_the_inbox_with_escaped_html(inbox):
    empty = httpx_get(inbox, "/")
    send(inbox, body="<script>alert(1)</script>", subject="<b>", to='"><i>')

    page = httpx_get(inbox, "/")

    assert "No messages yet." in empty.text
    assert "&lt;script&gt;" in page.text
    assert [tag for tag in ("<script", "<b>", "<i>") if tag in page.text] == []
    assert page.headers["content-type"].startswith("text/html")


def test_the_inbox_can_be_read_as_json(inbox):
    send(inbox, subject="one")
    send(inbox, subject="two")

    listed = httpx_get(inbox, "/messages").json()["messages"]

    assert [message["subject"] for message in listed] == ["two", "one"]


def httpx_get(inbox, path):
    with serve(inbox) as url:
        return httpx2.get(url + path)
