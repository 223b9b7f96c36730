import pytest

from wren_core import RateLimited
from wren_core.testing import FakeRequest
from wren_slack.fake import FakeSlack


def test_a_new_workspace_has_channels_and_people():
    fake = FakeSlack()

    channels = {channel.name: channel.is_member for channel in fake.workspace.channels.values()}
    assert channels == {"general": True, "random": True, "announcements": False}
    assert [user.email for user in fake.oauth.users] == ["alice@example.com", "bob@example.com"]


def test_posted_messages_can_be_read(fake, slack):
    first = fake.say("general", "Hi")
    fake.say("#general", "Hello", author="bob", thread_ts=first)

    assert [message.text for message in slack.thread(first, "#general")] == ["Hi", "Hello"]
    assert [message["text"] for message in fake.messages_in("general")] == ["Hi", "Hello"]


def test_reading_an_unknown_channel_raises_an_error(fake):
    with pytest.raises(LookupError, match="no channel 'genral'"):
        fake.messages_in("genral")

    assert fake.messages_in("@alice") == []


def test_workspaces_share_nothing():
    one, other = FakeSlack(), FakeSlack()

    one.say("general", "Only here")

    assert other.messages_in("general") == []
    assert other.oauth.refusal_of(one.token()) == "invalid_auth"


def test_a_rate_limit_has_a_pause_and_ends(fake, slack):
    channel = fake.workspace.find("general").id
    fake.limit_next(retry_after=70, api_method="chat.postMessage")

    with pytest.raises(RateLimited) as caught:
        slack.post("Hello", channel)
    slack.post("Hello", channel)

    assert caught.value.retry_after == 70
    assert len(fake.messages_in("general")) == 1


def test_pages_outside_the_api_do_not_exist(fake):
    assert fake.handle(FakeRequest(method="GET", path="/nowhere")).status == 404
