from datetime import UTC, datetime

import pytest

from wren_core import InvalidInput, Unavailable
from wren_core.contract.execution import to_json
from wren_core.errors import HostUnavailable
from wren_messaging import Messaging
from wren_messaging.fake import FakeInbox


@pytest.fixture
def inbox():
    return FakeInbox(sender="daily_report")


@pytest.fixture
def messaging(inbox):
    return Messaging.create(host=inbox)


class Answering:
    """A host that records its requests and returns one answer."""

    def __init__(self, answer):
        self.answer = answer
        self.asked = []

    def request(self, operation, payload):
        self.asked.append((operation, dict(payload)))
        return self.answer


STAMP = {"id": "msg_1", "created_at": "2025-03-01T09:00:00Z"}


def test_a_message_is_sent_to_the_inbox(messaging, inbox):
    sent = messaging.send("All green", subject="Daily", to="ada")

    (stored,) = inbox.messages
    assert (stored["body"], stored["subject"], stored["to"]) == ("All green", "Daily", "ada")
    assert (sent.id, sent.created_at) == (stored["id"], datetime.fromisoformat(stored["created_at"]))


def test_messages_are_read_newest_first(messaging):
    for body in ("one", "two", "three"):
        messaging.send(body)

    messages = messaging.inbox(limit=2)

    assert [message.body for message in messages] == ["three", "two"]
    assert [message.sender for message in messages] == ["daily_report", "daily_report"]
    assert messages[0].created_at.tzinfo is not None


def test_omitted_arguments_are_not_sent():
    host = Answering(STAMP)

    Messaging.create(host=host).send("hi")
    Messaging.create(host=host).send("hi", subject="s", to="ada")

    assert host.asked == [
        ("messages.send", {"body": "hi"}),
        ("messages.send", {"body": "hi", "subject": "s", "to": "ada"}),
    ]


def test_unknown_fields_in_the_response_are_ignored():
    host = Answering({"messages": [{**STAMP, "body": "b", "read_at": None, "brand_new": 1}]})

    (message,) = Messaging.create(host=host).inbox()

    assert (message.id, message.body, message.subject, message.sender) == ("msg_1", "b", None, None)
    assert message.created_at == datetime(2025, 3, 1, 9, tzinfo=UTC)
    assert host.asked == [("messages.list", {"limit": 20})]


def test_results_have_a_json_form():
    messaging = Messaging.create(host=Answering({"messages": [{**STAMP, "body": "b"}]}))

    messages = to_json(messaging, "inbox", messaging.inbox())

    assert messages == [{**STAMP, "body": "b", "subject": None, "to": None, "sender": None, "run_id": None}]


@pytest.mark.parametrize("body", ["", "  \n"])
def test_an_empty_message_is_refused_and_not_sent(messaging, inbox, body):
    with pytest.raises(InvalidInput, match="the message is empty"):
        messaging.send(body)

    assert inbox.messages == []


@pytest.mark.parametrize("limit", [0, 201, "5"])
def test_a_limit_out_of_range_is_refused(messaging, limit):
    with pytest.raises(InvalidInput) as caught:
        messaging.inbox(limit=limit)

    assert caught.value.details["pointer"] == "/limit"


def test_without_a_host_the_error_says_so():
    with pytest.raises(HostUnavailable, match=r"no host answers 'messages\.send'"):
        Messaging.create().send("hi")


def test_an_error_of_the_platform_is_raised_unchanged(messaging, inbox):
    inbox.fail_with(Unavailable("the inbox is being moved"))

    with pytest.raises(Unavailable, match="being moved"):
        messaging.send("hi")

    assert messaging.send("hi").id == "msg_1"


@pytest.mark.parametrize("answer", [{"id": "msg_1"}, {"id": "msg_1", "created_at": "soon"}, {"id": 7}, [], None])
def test_an_odd_response_does_not_lose_the_message_that_was_sent(answer):
    messaging = Messaging.create(host=Answering(answer))

    sent = messaging.send("hi")

    assert sent.id == (answer.get("id") if isinstance(answer, dict) else None)
    assert messaging.inbox() == []
