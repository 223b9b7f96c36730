import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError


@pytest.fixture
def web(fake, url):
    """An unmodified slack_sdk client, to test the fake with arbitrary requests."""
    return WebClient(fake.token(), base_url=f"{url}/api/")


def error_of(call, **arguments):
    with pytest.raises(SlackApiError) as caught:
        call(**arguments)
    assert caught.value.response.status_code == 200
    return caught.value.response["error"]


def general(fake):
    return fake.workspace.find("general").id


def test_a_token_identifies_its_owner(fake, web):
    assert web.auth_test()["user_id"] == fake.workspace.app.id


def test_an_unknown_method_is_refused(web):
    assert error_of(web.api_call, api_method="no.such.method") == "unknown_method"


@pytest.mark.parametrize("channel", ["general", "#general"])
def test_posting_accepts_a_channel_name(fake, web, channel):
    assert web.chat_postMessage(channel=channel, text="Hello")["channel"] == general(fake)


@pytest.mark.parametrize("channel", ["general", "#general"])
def test_all_other_methods_accept_only_ids(web, channel):
    assert error_of(web.conversations_history, channel=channel) == "channel_not_found"
    assert error_of(web.chat_delete, channel=channel, ts="1.0") == "channel_not_found"
    assert error_of(web.reactions_add, channel=channel, timestamp="1.0", name="eyes") == "channel_not_found"


@pytest.mark.parametrize("encoding", ["json", "params", "data"])
def test_arguments_may_be_json_or_form(fake, web, encoding):
    web.api_call("chat.postMessage", **{encoding: {"channel": general(fake), "text": "Grüße & mehr"}})

    assert fake.messages_in("general")[0]["text"] == "Grüße & mehr"


def test_a_private_channel_the_app_is_not_in_does_not_exist_for_it(fake, web):
    secret = fake.workspace.add_channel("secret", is_private=True, is_member=False).id

    assert error_of(web.conversations_info, channel=secret) == "channel_not_found"
    assert error_of(web.chat_postMessage, channel=secret, text="Hello") == "channel_not_found"


def test_a_public_channel_the_app_is_not_in_can_be_seen_but_not_used(fake, web):
    outside = fake.workspace.find("announcements").id

    assert web.conversations_info(channel=outside)["channel"]["is_member"] is False
    assert error_of(web.conversations_history, channel=outside) == "not_in_channel"
    assert error_of(web.chat_postMessage, channel=outside, text="Hello") == "not_in_channel"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"text": ""}, "no_text"),
        ({"text": "Hello", "channel": "C0000000000"}, "channel_not_found"),
        ({"text": "Hello", "thread_ts": "1.000000"}, "thread_not_found"),
    ],
)
@pytest.mark.filterwarnings("ignore:The top-level `text` argument:UserWarning")
def test_invalid_posts_are_refused_as_slack_does(fake, web, arguments, error):
    assert error_of(web.chat_postMessage, **{"channel": general(fake), **arguments}) == error


def test_a_text_beyond_slacks_limit_is_truncated(fake, web):
    web.chat_postMessage(channel=general(fake), text="x" * 40_005)

    assert len(fake.messages_in("general")[0]["text"]) == 40_000


def test_posting_to_a_person_opens_the_conversation(fake, web):
    alice = fake.workspace.person("alice").id

    posted = web.chat_postMessage(channel=alice, text="Psst")

    assert posted["channel"] == web.conversations_open(users=alice)["channel"]["id"]
    assert [message["text"] for message in fake.messages_in("@alice")] == ["Psst"]


def test_cursors_lead_through_all_pages(fake, web):
    fake.workspace.largest_page = 2

    pages = [[channel["name"] for channel in page["channels"]] for page in web.conversations_list(limit=100)]

    assert pages == [["general", "random"], ["announcements"]]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [({"limit": 0}, "invalid_limit"), ({"limit": 1001}, "invalid_limit"), ({"cursor": "junk"}, "invalid_cursor")],
)
def test_limits_and_cursors_are_checked(web, arguments, error):
    assert error_of(web.conversations_list, **arguments) == error


def test_an_invalid_timestamp_is_refused(fake, web):
    assert error_of(web.conversations_history, channel=general(fake), oldest="yesterday") == "invalid_ts_oldest"


def test_scopes_follow_the_kind_of_channel(fake, url):
    web = WebClient(fake.token(["channels:history"]), base_url=f"{url}/api/")
    board = fake.workspace.add_channel("board", is_private=True).id

    with pytest.raises(SlackApiError) as caught:
        web.conversations_history(channel=board)

    assert web.conversations_history(channel=general(fake))["messages"] == []
    assert caught.value.response["needed"] == "groups:history"
    assert caught.value.response["provided"] == "channels:history"


def test_a_person_is_described_by_id(fake, web):
    alice = fake.workspace.person("alice").id

    assert web.users_info(user=alice)["user"]["profile"]["email"] == "alice@example.com"
    assert error_of(web.users_info, user="U0000000000") == "user_not_found"


def test_an_upload_of_the_wrong_length_is_refused_and_cannot_be_shared(web):
    announced = web.files_getUploadURLExternal(filename="a.txt", length=3)
    result = web._upload_file  # the step in between, which is never called alone in normal use

    with pytest.raises(OSError, match="400"):
        result(url=announced["upload_url"], data=b"four", logger=web.logger, timeout=5, proxy=None, ssl=None)

    files = [{"id": announced["file_id"]}]
    assert error_of(web.files_completeUploadExternal, files=files) == "file_not_found"
