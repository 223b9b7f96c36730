"""The Slack integration against the third-party fake of emulate, verified by querying the fake."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from servers.consent import consent_slack
from servers.emulate import SLACK_TOKEN, Emulate, emulate
from servers.faults import answering, losing_the_answer
from servers.proxy import Proxy
from wren_core import NotFound, RateLimited, Unavailable, UserFacingConfigError
from wren_slack import Slack

BACK = "http://127.0.0.1:8123/integrations/slack/callback"
BYTES = bytes(range(256)) * 300
SPEC = Slack.full_spec()


@pytest.fixture(scope="module")
def providers() -> Iterator[Emulate]:
    with emulate(slack_redirects=[BACK]) as running:
        yield running


def authorized(providers: Emulate, *, scopes: tuple[str, ...] = SPEC.required_scopes) -> dict[str, str]:
    """Submit the consent page with the URL that the spec declares; return the token response."""
    asked = {
        "client_id": providers.slack.client_id,
        "redirect_uri": BACK,
        "state": "s",
        "scope": SPEC.auth.scope_separator.join(scopes),
    }
    page = providers.slack_url + urlsplit(SPEC.auth.authorization_url).path
    back = consent_slack(f"{page}?{urlencode(asked)}")
    grant = {**vars(providers.slack), "code": parse_qs(urlsplit(back).query)["code"][0], "redirect_uri": BACK}
    return dict(httpx2.post(providers.slack_url + urlsplit(SPEC.auth.token_url).path, data=grant).json())


@pytest.fixture(scope="module")
def token(providers: Emulate) -> str:
    return authorized(providers)["access_token"]


@pytest.fixture
def slack(providers: Emulate, token: str) -> Slack:
    return connected(providers.slack_url, token)


def connected(url: str, token: str, **config: str) -> Slack:
    return Slack.create(config, credentials={"access_token": token}, base_url=url + urlsplit(SPEC.base_url).path)


def in_channel(providers: Emulate, text: str, channel: str = "general") -> list[dict]:
    return [post for post in providers.posts(channel) if post["text"] == text]


def test_the_declared_scopes_are_granted(providers):
    answer = authorized(providers)

    assert answer["ok"]
    assert set(answer["scope"].split(",")) == set(SPEC.required_scopes)


@pytest.mark.parametrize("channel", ["#general", "general", "C000000001"])
def test_a_post_is_found_in_its_channel_once(providers, slack, channel):
    posted = slack.post(f"To {channel}, grüße & <ok>", channel)

    (found,) = in_channel(providers, f"To {channel}, grüße & <ok>")
    assert found["ts"] == posted.ts


def test_the_default_channel_is_used(providers, token):
    connected(providers.slack_url, token, default_channel="#random").post("By default")

    assert len(in_channel(providers, "By default", "random")) == 1


def test_a_message_is_changed_and_deleted(providers, slack):
    posted = slack.post("First", "#random")

    slack.update(posted.ts, "Second", "#random")
    changed = in_channel(providers, "Second", "random")
    slack.delete(posted.ts, posted.channel)

    assert [post["ts"] for post in changed] == [posted.ts]
    assert in_channel(providers, "First", "random") == in_channel(providers, "Second", "random") == []


def test_a_thread_contains_its_replies(slack):
    question = slack.post("Is it done?", "#random")

    slack.reply(question.ts, "Yes", "#random")

    assert [message.text for message in slack.thread(question.ts, "#random")] == ["Is it done?", "Yes"]


def test_blocks_arrive(providers, slack):
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "*Bold*"}}]

    slack.post("With blocks", "#random", blocks=blocks)

    assert in_channel(providers, "With blocks", "random")[0]["blocks"][0]["text"]["text"] == "*Bold*"


def test_reacting_twice_is_one_reaction(slack):
    posted = slack.post("React to me", "#random")

    slack.react(posted.ts, ":eyes:", "#random")
    slack.react(posted.ts, "eyes", "#random")

    (message,) = [message for message in slack.history("#random") if message.ts == posted.ts]
    assert message.reactions == {"eyes": 1}


def test_history_is_read_page_by_page(start_emulate):
    providers = start_emulate(slack_redirects=[BACK])
    slack = connected(providers.slack_url, authorized(providers)["access_token"])
    for number in range(205):
        slack.post(f"Message {number}", "C000000001")

    found = slack.history("#general", limit=1000)

    assert [message.text for message in found] == [f"Message {number}" for number in reversed(range(205))]
    assert [message.text for message in slack.history("#general", limit=2)] == ["Message 204", "Message 203"]


def test_channels_and_people_are_listed(slack):
    assert {"general", "random"} <= {channel.name for channel in slack.channels()}
    assert "alice" in {user.name for user in slack.users()}
    assert slack.user("alice@example.com").name == "alice"


def test_a_person_gets_a_direct_message(slack):
    posted = slack.post("Psst", "@alice")

    assert posted.channel.startswith("D")
    assert [message.text for message in slack.history("@alice")] == ["Psst"]


def test_an_uploaded_file_comes_back_byte_for_byte(providers, slack, tmp_path):
    path = tmp_path / "numbers.bin"
    path.write_bytes(BYTES)

    uploaded = slack.upload("#random", path=str(path), comment="Numbers")

    address = f"{providers.slack_url}/files-pri/{uploaded.id}/numbers.bin"
    assert httpx2.get(address, headers={"Authorization": f"Bearer {SLACK_TOKEN}"}).content == BYTES
    assert slack.history("#random", limit=1)[0].files == (uploaded.id,)


def test_unknown_ids_are_not_found(slack):
    with pytest.raises(NotFound, match="did you mean #general"):
        slack.post("Hello", "#genral")
    with pytest.raises(NotFound, match="channel_not_found"):
        slack.post("Hello", "C999999999")
    with pytest.raises(NotFound, match="message_not_found"):
        slack.delete("1.000001", "#general")


def test_a_missing_scope_is_named(providers):
    slack = connected(providers.slack_url, authorized(providers, scopes=("channels:read",))["access_token"])

    with pytest.raises(UserFacingConfigError) as caught:
        slack.post("Hello", "#general")

    assert caught.value.code == "OAUTH_SCOPE_MISSING"
    assert caught.value.details["needed"] == ["chat:write"]
    assert caught.value.details["provided"] == ["channels:read"]


def test_a_write_whose_response_is_lost_is_not_sent_again(providers, token, start_proxy: Callable[[str], Proxy]):
    before = start_proxy(providers.slack_url)
    before.inject(losing_the_answer(), path="/api/chat.postMessage")

    with pytest.raises(Unavailable, match="could not be reached"):
        connected(before.url, token).post("Sent once", "#general")

    assert len(in_channel(providers, "Sent once")) == 1
    assert len(before.seen("/api/chat.postMessage")) == 1


def test_reads_and_writes_wait_for_a_short_rate_limit(providers, token, start_proxy):
    before = start_proxy(providers.slack_url)
    slack = connected(before.url, token)
    limited = answering(429, b'{"ok":false,"error":"ratelimited"}', Retry_After="0")
    before.inject(limited, path="/api/conversations.list")
    before.inject(replace(limited), path="/api/chat.postMessage")

    names = [channel.name for channel in slack.channels()]
    slack.post("After the limit", "#general")

    assert "general" in names
    assert [request.status for request in before.seen("/api/chat.postMessage")] == [429, 200]
    assert len(in_channel(providers, "After the limit")) == 1


def test_a_long_rate_limit_is_reported_and_nothing_is_posted(providers, token, start_proxy):
    before = start_proxy(providers.slack_url)
    limited = answering(429, b'{"ok":false,"error":"ratelimited"}', Retry_After="3600")
    before.inject(limited, path="/api/chat.postMessage")

    with pytest.raises(RateLimited) as caught:
        connected(before.url, token).post("Too many", "#general")

    assert caught.value.retry_after_ms == 3_600_000
    assert in_channel(providers, "Too many") == []
