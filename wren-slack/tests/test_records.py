from datetime import UTC, datetime, timedelta, timezone

import pytest

from wren_slack.records import Channel, Message, PostedMessage, User, from_ts, to_ts


@pytest.mark.parametrize("ts", ["1795150306.000001", "1795150306.999999", "0.000000", "1.100000"])
def test_a_timestamp_converts_to_a_datetime_and_back(ts):
    moment = from_ts(ts)

    assert to_ts(moment) == ts
    assert moment.tzinfo is UTC


def test_a_datetime_in_another_zone_has_the_same_timestamp():
    moment = datetime(2026, 1, 5, 12, 0, tzinfo=timezone(timedelta(hours=2)))

    assert to_ts(moment) == to_ts(datetime(2026, 1, 5, 10, 0, tzinfo=UTC))


def test_a_message_is_parsed_with_its_thread_reactions_and_files():
    raw = {
        "ts": "1795150306.000001",
        "text": "Hello",
        "user": "U024BE7LH",
        "thread_ts": "1795150300.000001",
        "reply_count": 2,
        "reactions": [{"name": "eyes", "count": 3, "users": ["U1"]}],
        "files": [{"id": "F024BERPE"}],
    }

    message = Message.from_slack(raw)

    assert message.sent_at == datetime(2026, 11, 20, 4, 51, 46, 1, tzinfo=UTC)
    assert message.thread_ts == "1795150300.000001"
    assert message.reply_count == 2
    assert message.reactions == {"eyes": 3}
    assert message.files == ("F024BERPE",)


def test_a_bare_message_has_empty_values():
    message = Message.from_slack({"ts": "1.000000"})

    assert message.text == ""
    assert message.user is None
    assert message.reactions == {}
    assert message.files == ()


def test_nulls_in_slacks_objects_are_empty_values():
    channel = Channel.from_slack({"id": "C1", "name": "general", "topic": None, "purpose": None})
    user = User.from_slack({"id": "U1", "name": "alice", "profile": None})

    assert channel.topic == ""
    assert channel.is_member is False
    assert user.real_name == ""
    assert user.email is None


def test_the_text_of_a_posted_message_is_what_slack_stored():
    answer = {"channel": "C1", "ts": "1.000000", "message": {"text": "a &amp; b"}}

    assert PostedMessage.from_slack(answer).text == "a &amp; b"
