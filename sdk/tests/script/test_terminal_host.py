from datetime import UTC, datetime

import pytest

from wren.script.terminal_host import TerminalHost
from wren_core.errors import HostUnavailable, InvalidInput

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def test_a_message_is_shown_and_acknowledged():
    shown = []
    host = TerminalHost(shown.append, lambda: NOON)

    answer = host.request("messages.send", {"subject": "Daily", "to": "ada", "body": "one\ntwo"})

    assert answer == {"id": "msg_local_1", "created_at": "2030-01-01T12:00:00+00:00"}
    assert shown == ["[message to ada: Daily]\n  one\n  two"]


def test_what_was_sent_is_listed_newest_first():
    host = TerminalHost(lambda _text: None, lambda: NOON)
    host.request("messages.send", {"body": "one"})
    host.request("messages.send", {"body": "two"})

    listed = host.request("messages.list", {"limit": 1})["messages"]

    assert [(item["id"], item["body"]) for item in listed] == [("msg_local_2", "two")]


def test_a_message_without_text_is_refused():
    with pytest.raises(InvalidInput, match="body"):
        TerminalHost(lambda _text: None).request("messages.send", {"subject": "x"})


def test_what_only_the_platform_can_do_is_refused():
    with pytest.raises(HostUnavailable, match=r"credentials\.refresh"):
        TerminalHost().request("credentials.refresh", {"integration": "parcel"})
