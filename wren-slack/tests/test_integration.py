from datetime import UTC, datetime

import pytest

from wren_core import (
    AuthFailed,
    InvalidInput,
    NotFound,
    RateLimited,
    Rejected,
    Unavailable,
    UserFacingConfigError,
)
from wren_core.contract import execution
from wren_core.errors import ConfigInvalid
from wren_slack import Slack

BYTES = bytes(range(256)) * 40


def texts(messages):
    return [message.text for message in messages]


def test_post_returns_the_channel_and_ts_of_the_message(fake, slack):
    posted = slack.post("Deployed *v2*", "#general")

    (message,) = fake.messages_in("general")
    assert message["text"] == posted.text == "Deployed *v2*"
    assert (posted.channel, posted.ts) == (fake.workspace.find("general").id, message["ts"])


def test_post_accepts_blocks(fake, slack):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Deployed*"}}]

    slack.post("Deployed", "#general", blocks=blocks)

    assert fake.messages_in("general")[0]["blocks"] == blocks


def test_the_default_channel_is_used_if_none_is_given(fake, connect):
    slack = connect(default_channel="#random")

    posted = slack.post("One")
    slack.reply(posted.ts, "Two")

    assert [message["text"] for message in fake.messages_in("random")] == ["One", "Two"]


def test_without_a_channel_the_error_says_how_to_set_one(fake, slack):
    with pytest.raises(InvalidInput, match=r"pass `channel`, or set a default with init\(default_channel=...\)"):
        slack.post("Hello")

    assert fake.requests == []


@pytest.mark.parametrize("text", ["", "   ", "x" * 40_001])
def test_a_text_that_slack_would_refuse_or_truncate_is_not_sent(fake, slack, text):
    with pytest.raises(InvalidInput, match="text"):
        slack.post(text, "#general")

    assert fake.requests == []


@pytest.mark.parametrize("text", ["Grüße, 世界 🎉", "a=1&b=2 + 100%", '"quoted"\n\ttabbed', "x" * 40_000])
def test_texts_arrive_unchanged(fake, slack, text):
    slack.post(text, "#general")

    assert fake.messages_in("general")[0]["text"] == text


def test_update_replaces_the_text(fake, slack):
    posted = slack.post("Deploying", "#general")

    updated = slack.update(posted.ts, "Deployed", posted.channel)

    assert updated.text == "Deployed"
    assert updated.ts == posted.ts
    assert [message["text"] for message in fake.messages_in("general")] == ["Deployed"]


def test_delete_removes_a_message(fake, slack):
    posted = slack.post("Oops", "#general")

    gone = slack.delete(posted.ts, "#general")

    assert (gone.channel, gone.ts) == (posted.channel, posted.ts)
    assert fake.messages_in("general") == []


def test_the_undo_of_a_post_is_a_delete_with_arguments_from_its_output(fake, slack):
    for method_id, arguments in [
        ("post", {"text": "Oops"}),
        ("reply", {"text": "Oops", "ts": fake.say("general", "Hi")}),
    ]:
        call = {**arguments, "channel": "#general"}
        result = execution.to_json(slack, method_id, slack.invoke(method_id, call))
        undo = Slack.full_spec().method(method_id).undo
        values = {name: result[pointer.removeprefix("/output/")] for name, pointer in undo.arguments.items()}
        slack.invoke(undo.method, values)

    assert [message["text"] for message in fake.messages_in("general")] == ["Hi"]


def test_reply_goes_into_the_thread(fake, slack):
    question = fake.say("general", "Is it done?")

    slack.reply(question, "Nearly", "#general")
    slack.reply(question, "Done", "#general", broadcast=True)

    assert texts(slack.thread(question, "#general")) == ["Is it done?", "Nearly", "Done"]
    assert texts(slack.history("#general")) == ["Done", "Is it done?"]
    assert slack.history("#general")[-1].reply_count == 2


def test_a_thread_is_read_over_several_pages_with_its_first_message_once(fake, slack):
    fake.workspace.largest_page = 2
    first = fake.say("general", "Start")
    for number in range(5):
        fake.say("general", f"Reply {number}", thread_ts=first)

    whole, part = slack.thread(first, "#general"), slack.thread(first, "#general", limit=4)

    assert texts(whole) == ["Start", "Reply 0", "Reply 1", "Reply 2", "Reply 3", "Reply 4"]
    assert texts(part) == texts(whole)[:4]


def test_history_is_read_over_several_pages_newest_first(fake, slack):
    fake.workspace.largest_page = 3
    for number in range(8):
        fake.say("general", f"Message {number}")

    found = slack.history("#general")

    assert texts(found) == [f"Message {number}" for number in reversed(range(8))]
    assert found[0].user == fake.workspace.person("alice").id


def test_history_reads_no_more_pages_than_the_limit_needs(fake, slack):
    fake.workspace.largest_page = 3
    for number in range(8):
        fake.say("general", f"Message {number}")
    fake.requests.clear()

    found = slack.history(fake.workspace.find("general").id, limit=6)

    assert texts(found) == [f"Message {number}" for number in (7, 6, 5, 4, 3, 2)]
    assert len(fake.requests) == 2


def test_history_since_a_message_returns_only_newer_ones(fake, slack):
    for number in range(3):
        fake.say("general", f"Message {number}")
    newest, middle, oldest = slack.history("#general")

    since = slack.history("#general", since=middle.sent_at)
    until = slack.history("#general", until=middle.sent_at)

    assert since == [newest]
    assert until == [oldest]


def test_a_time_without_utc_offset_is_refused(slack):
    with pytest.raises(InvalidInput, match="since"):
        slack.history("#general", since=datetime(2026, 1, 1))

    assert slack.history("#general", since=datetime(2026, 1, 1, tzinfo=UTC)) == []


def test_a_limit_above_slacks_page_size_is_read_in_pages(fake, slack):
    ts = fake.say("general", "Hi")

    assert len(slack.history("#general", limit=10_000)) == 1
    assert len(slack.thread(ts, "#general", limit=10_000)) == 1
    assert len(slack.channels(limit=10_000)) == 3


@pytest.mark.parametrize("limit", [0, 10_001])
def test_a_limit_out_of_range_is_refused(slack, limit):
    with pytest.raises(InvalidInput, match="limit"):
        slack.history("#general", limit=limit)


def test_posting_to_a_channel_without_the_app_says_to_invite_it(slack):
    with pytest.raises(UserFacingConfigError, match="/invite") as caught:
        slack.history("#announcements")

    assert caught.value.code == "NOT_IN_CHANNEL"


def test_react_accepts_an_emoji_with_or_without_colons(fake, slack):
    ts = fake.say("general", "Done!")

    slack.react(ts, ":tada:", "#general")
    slack.react(ts, "eyes", "#general")

    assert slack.history("#general")[0].reactions == {"tada": 1, "eyes": 1}


def test_an_existing_reaction_is_not_an_error(fake, slack):
    ts = fake.say("general", "Done!")

    first, second = slack.react(ts, "tada", "#general"), slack.react(ts, "tada", "#general")

    assert first == second
    assert slack.history("#general")[0].reactions == {"tada": 1}


def test_other_failures_of_a_reaction_raise_errors(fake, slack):
    ts = fake.say("general", "Done!")
    fake.fail_next(200, path="reactions.add", body={"ok": False, "error": "too_many_reactions"})

    with pytest.raises(Rejected, match="too_many_reactions"):
        slack.react(ts, "tada", "#general")
    with pytest.raises(InvalidInput, match="invalid_name"):
        slack.react(ts, "no such!", "#general")


def test_a_file_given_by_path_arrives_byte_for_byte(fake, slack, tmp_path):
    path = tmp_path / "repört.bin"
    path.write_bytes(BYTES)

    uploaded = slack.upload("#general", path=str(path), comment="This week", title="Report")

    (message,) = fake.messages_in("general")
    assert message["text"] == "This week"
    assert message["files"][0] == {"id": uploaded.id, "name": "repört.bin", "title": "Report", "size": len(BYTES)}
    assert fake.workspace.files[uploaded.id].content == BYTES
    assert (uploaded.title, uploaded.channel) == ("Report", fake.workspace.find("general").id)


@pytest.mark.parametrize(("content", "expected"), [(BYTES, BYTES), ("Grüße\n", "Grüße\n".encode()), (b"\r\n", b"\r\n")])
def test_content_arrives_byte_for_byte(fake, slack, content, expected):
    uploaded = slack.upload("#general", content=content, filename="notes.txt")

    assert fake.workspace.files[uploaded.id].content == expected
    assert uploaded.title == "notes.txt"


def test_a_file_can_go_into_a_thread(fake, slack):
    question = fake.say("general", "Where is the log?")

    slack.upload("#general", content="log", filename="a.log", comment="Here", thread_ts=question)

    assert texts(slack.thread(question, "#general")) == ["Where is the log?", "Here"]
    assert len(slack.thread(question, "#general")[1].files) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "pass either `path` or `content`"),
        ({"path": "a", "content": "b"}, "pass either `path` or `content`"),
        ({"path": "/no/such/file"}, "'/no/such/file' cannot be read: No such file or directory"),
        ({"content": ""}, "not accept an empty file"),
    ],
)
def test_an_invalid_upload_is_refused_without_a_request(fake, slack, arguments, message):
    with pytest.raises(InvalidInput, match=message):
        slack.upload("#general", **arguments)

    assert fake.requests == []


def test_channels_lists_what_the_app_can_see_over_several_pages(fake, slack):
    fake.workspace.largest_page = 2
    fake.workspace.add_channel("board", is_private=True, topic="Numbers")
    fake.workspace.add_channel("secret", is_private=True, is_member=False)
    fake.workspace.add_channel("old", is_archived=True)

    found, everything, two = slack.channels(), slack.channels(include_archived=True), slack.channels(limit=2)

    assert [channel.name for channel in found] == ["general", "random", "announcements", "board"]
    assert [channel.name for channel in everything] == ["general", "random", "announcements", "board", "old"]
    assert [channel.name for channel in two] == ["general", "random"]
    assert [channel.is_member for channel in found] == [True, True, False, True]
    assert (found[3].is_private, found[3].topic) == (True, "Numbers")


def test_users_lists_people_and_apps(slack):
    found = slack.users()

    assert [(user.name, user.is_bot) for user in found] == [("wren", True), ("alice", False), ("bob", False)]
    assert found[1].email == "alice@example.com"


def test_email_addresses_are_null_without_their_scope(fake, connect):
    slack = connect(token=fake.token(["users:read"]))

    assert slack.user("alice").email is None


@pytest.mark.parametrize(
    ("call", "expected", "code"),
    [
        (lambda slack: slack.update("1.000000", "New", "#general"), NotFound, "message_not_found"),
        (lambda slack: slack.delete("1.000000", "#general"), NotFound, "message_not_found"),
        (lambda slack: slack.reply("1.000000", "New", "#general"), NotFound, "thread_not_found"),
        (lambda slack: slack.thread("1.000000", "#general"), NotFound, "thread_not_found"),
        (lambda slack: slack.post("Hello", "C0000000000"), NotFound, "channel_not_found"),
        (lambda slack: slack.post("Hello", "U0000000000"), NotFound, "user_not_found"),
        (lambda slack: slack.post("Hello", "#old"), Rejected, "is_archived"),
    ],
)
def test_methods_raise_the_right_error_for_each_refusal(fake, slack, call, expected, code):
    fake.workspace.add_channel("old", is_archived=True)

    with pytest.raises(expected) as caught:
        call(slack)

    assert type(caught.value) is expected
    assert caught.value.details["slack_error"] == code


def test_a_message_of_another_author_cannot_be_changed(fake, slack):
    ts = fake.say("general", "Mine")

    for call in (lambda: slack.update(ts, "Yours", "#general"), lambda: slack.delete(ts, "#general")):
        with pytest.raises(Rejected, match="only its own messages"):
            call()

    assert [message["text"] for message in fake.messages_in("general")] == ["Mine"]


def test_an_edit_that_is_too_long_says_so(slack):
    posted = slack.post("Short", "#general")

    with pytest.raises(InvalidInput, match="msg_too_long; shorten the text"):
        slack.update(posted.ts, "x" * 5000, "#general")


SCOPES = {
    "post": ("chat:write", lambda slack: slack.post("Hello", "#general")),
    "reply": ("chat:write", lambda slack: slack.reply("1.000000", "Hello", "#general")),
    "update": ("chat:write", lambda slack: slack.update("1.000000", "Hello", "#general")),
    "delete": ("chat:write", lambda slack: slack.delete("1.000000", "#general")),
    "react": ("reactions:write", lambda slack: slack.react("1.000000", "eyes", "#general")),
    "upload": ("files:write", lambda slack: slack.upload("#general", content="a")),
    "history": ("channels:history", lambda slack: slack.history("#general")),
    "thread": ("channels:history", lambda slack: slack.thread("1.000000", "#general")),
    "channels": ("groups:read", lambda slack: slack.channels()),
    "users": ("users:read", lambda slack: slack.users()),
    "user": ("users:read", lambda slack: slack.user("alice")),
}


@pytest.mark.parametrize("method_id", list(Slack.methods()))
def test_each_method_needs_the_scope_it_declares_and_names_it_when_missing(fake, connect, method_id):
    missing, call = SCOPES[method_id]
    slack = connect(token=fake.token([scope for scope in Slack.spec.required_scopes if scope != missing]))

    with pytest.raises(UserFacingConfigError) as caught:
        call(slack)

    assert caught.value.code == "OAUTH_SCOPE_MISSING"
    assert caught.value.details["needed"] == [missing]
    assert missing in Slack.full_spec().method(method_id).scopes


@pytest.mark.parametrize("method_id", list(Slack.methods()))
def test_the_declared_scopes_of_a_method_are_enough_for_it(fake, connect, method_id):
    slack = connect(token=fake.token(Slack.full_spec().method(method_id).scopes))
    fake.workspace.add_channel("board", is_private=True)
    ts = {channel: fake.say(channel, "Hi", author="wren") for channel in ("general", "board")}
    calls = {
        "post": lambda channel: slack.post("Hello", channel),
        "reply": lambda channel: slack.reply(ts[channel], "Hello", channel),
        "update": lambda channel: slack.update(ts[channel], "Hello", channel),
        "delete": lambda channel: slack.delete(ts[channel], channel),
        "react": lambda channel: slack.react(ts[channel], "eyes", channel),
        "upload": lambda channel: slack.upload(channel, content="a"),
        "history": lambda channel: slack.history(channel),
        "thread": lambda channel: slack.thread(ts[channel], channel),
        "channels": lambda channel: slack.channels(),
        "users": lambda channel: slack.users(),
        "user": lambda channel: slack.user("alice@example.com"),
    }

    for channel in ts:
        assert calls[method_id](channel)


def test_connecting_requests_the_scopes_of_all_methods():
    used = {scope for method in Slack.full_spec().methods for scope in method.scopes}

    assert used == set(Slack.spec.required_scopes)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda fake, token: fake.oauth.expire_access_tokens(),
        lambda fake, token: fake.oauth.revoke_everything(),
        lambda fake, token: fake.fail_next(200, body={"ok": False, "error": "account_inactive"}),
    ],
)
def test_a_revoked_token_raises_auth_failed(fake, connect, spoil):
    token = fake.token()
    slack = connect(token=token)
    spoil(fake, token)

    with pytest.raises(AuthFailed, match="wren connect slack"):
        slack.post("Hello", fake.workspace.find("general").id)

    assert fake.messages_in("general") == []


def test_an_unknown_token_raises_auth_failed(connect):
    with pytest.raises(AuthFailed, match="invalid_auth"):
        connect(token="xoxb-unknown").channels()


class RefreshingHost:
    """A host that returns one new token."""

    def __init__(self, fake):
        self.fake = fake
        self.requests = []

    def request(self, operation, payload):
        self.requests.append((operation, dict(payload)))
        return {"env": {"SLACK_ACCESS_TOKEN": self.fake.token()}}


def test_an_expired_token_is_renewed_once_and_the_message_is_posted_once(fake, url):
    host = RefreshingHost(fake)
    token = fake.token()
    slack = Slack.create(credentials={"access_token": token}, base_url=f"{url}/api/", host=host)
    slack.post("Before", "#general")
    fake.oauth.expire_access_tokens()

    slack.post("After", "#general")

    assert host.requests == [("credentials.refresh", {"integration": "slack"})]
    assert [message["text"] for message in fake.messages_in("general")] == ["Before", "After"]
    assert slack.user("alice").name == "alice"


def test_methods_raise_transport_errors_as_unavailable(fake, slack):
    channel = fake.workspace.find("general").id
    fake.fail_next(502, body="<html>Bad Gateway</html>")
    with pytest.raises(Unavailable, match=r"chat.postMessage: HTTP 502"):
        slack.post("Hello", channel)

    fake.limit_next(retry_after=30)
    with pytest.raises(RateLimited) as caught:
        slack.post("Hello", channel)

    assert caught.value.retry_after_ms == 30_000


def test_an_unknown_configuration_value_is_refused():
    with pytest.raises(ConfigInvalid, match="default_channel"):
        Slack.create({"channel": "#general"})


def test_a_mistyped_timeout_is_refused():
    with pytest.raises(ConfigInvalid, match="timeout_seconds"):
        Slack.create({"timeout_seconds": 0})
