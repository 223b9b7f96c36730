import json
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from wren_core.contract.events import Attachment, Email, ManualStart, Message, ScheduleTick, WebhookRequest, parse_event

NOW = datetime(2025, 3, 1, 9, tzinfo=UTC)
BINARY = bytes(range(256))

EVENTS = [
    ScheduleTick(scheduled_for=NOW, fired_at=NOW, cron="0 9 * * *", timezone="Europe/Berlin"),
    ManualStart(payload={"a": [1]}),
    Email(
        message_id="<1@x>",
        subject="Hi",
        sender="a@x",
        to=("b@x", "c@x"),
        received_at=NOW,
        headers={"X": "y"},
        attachments=(Attachment(filename="a.bin", content=BINARY),),
    ),
    WebhookRequest(headers={"x": "y"}, query={"q": "1"}, body=BINARY),
    Message(id="msg_1", subject="s", body="b", sender="c"),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.trigger)
def test_an_event_crosses_processes_as_json(event):
    assert parse_event(json.loads(json.dumps(event.model_dump(mode="json")))) == event


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.trigger)
def test_an_event_cannot_be_changed(event):
    with pytest.raises(ValidationError, match="frozen"):
        event.trigger = "other"


@pytest.mark.parametrize("data", [{}, {"trigger": "nothing"}, {"trigger": "schedule"}, {"trigger": "email"}])
def test_an_invalid_event_is_refused(data):
    with pytest.raises(ValidationError):
        parse_event(data)


def test_an_instant_without_a_zone_is_refused():
    with pytest.raises(ValidationError, match="timezone"):
        ScheduleTick(scheduled_for=datetime(2025, 3, 1), fired_at=NOW, cron="@daily")


def test_fields_of_a_newer_host_are_ignored():
    start = parse_event({"trigger": "manual", "payload": {"n": 1}, "brand_new": 1})

    assert isinstance(start, ManualStart)
    assert (start.payload, hasattr(start, "brand_new")) == ({"n": 1}, False)
