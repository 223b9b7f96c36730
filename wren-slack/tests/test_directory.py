import pytest

from wren_core import InvalidInput, NotFound, UserFacingConfigError


def calls_of(fake, api_method):
    return [request for request in fake.requests if request.path.endswith(api_method)]


@pytest.mark.parametrize("reference", ["#general", "general", "#General", " #general "])
def test_a_channel_is_found_by_name(fake, slack, reference):
    posted = slack.post("Hello", reference)

    assert posted.channel == fake.workspace.find("general").id
    assert [message["text"] for message in fake.messages_in("general")] == ["Hello"]


def test_an_id_is_used_without_a_lookup(fake, slack):
    channel = fake.workspace.find("general").id

    slack.post("Hello", channel)

    assert calls_of(fake, "conversations.list") == []
    assert len(fake.messages_in("general")) == 1


def test_a_mention_is_resolved_to_its_id(fake, slack):
    channel = fake.workspace.find("general").id

    slack.post("Hello", f"<#{channel}|general>")

    assert len(fake.messages_in("general")) == 1


def test_a_name_on_a_later_page_is_found(fake, slack):
    fake.workspace.largest_page = 2
    for number in range(7):
        fake.workspace.add_channel(f"team-{number}")

    slack.post("Hello", "#team-6")

    assert len(fake.messages_in("team-6")) == 1
    assert len(calls_of(fake, "conversations.list")) == 5


def test_a_listing_is_read_once_for_all_names_in_it(fake, slack):
    for channel in ("#general", "#random", "general"):
        slack.post("Hello", channel)

    assert len(calls_of(fake, "conversations.list")) == 1


def test_a_channel_created_after_the_listing_is_found(fake, slack):
    slack.post("Hello", "#general")
    fake.workspace.add_channel("brand-new")

    slack.post("Hello", "#brand-new")

    assert len(fake.messages_in("brand-new")) == 1


def test_a_private_channel_is_found_when_no_public_one_has_the_name(fake, slack):
    fake.workspace.add_channel("board", is_private=True)

    slack.post("Hello", "#board")

    assert len(fake.messages_in("board")) == 1


def test_public_channels_are_found_without_the_scope_for_private_ones(fake, connect):
    slack = connect(token=fake.token(["chat:write", "channels:read"]))

    slack.post("Hello", "#general")

    with pytest.raises(UserFacingConfigError, match="groups:read") as caught:
        slack.post("Hello", "#board")
    assert caught.value.code == "OAUTH_SCOPE_MISSING"


def test_an_unknown_channel_raises_an_error_with_the_nearest_names(fake, slack):
    with pytest.raises(NotFound, match="cannot see #genral in Slack; did you mean #general") as caught:
        slack.post("Hello", "#genral")

    assert caught.value.details["nearest"][0] == "#general"
    assert calls_of(fake, "chat.postMessage") == []


def test_a_name_without_similar_names_raises_an_error_with_the_next_step(slack):
    with pytest.raises(NotFound, match="a private channel must invite the app first"):
        slack.post("Hello", "#zzzzzzzz")


@pytest.mark.parametrize("reference", ["@alice", "@Alice Ames", "@alice@example.com"])
def test_a_person_gets_a_direct_message(fake, slack, reference):
    posted = slack.post("Psst", reference)

    assert posted.channel.startswith("D")
    assert [message["text"] for message in fake.messages_in("@alice")] == ["Psst"]


def test_the_id_of_a_person_gets_a_direct_message_and_the_conversation_is_opened_once(fake, slack):
    alice = fake.workspace.person("alice").id

    slack.post("One", alice)
    slack.post("Two", f"<@{alice}>")

    assert [message["text"] for message in fake.messages_in("@alice")] == ["One", "Two"]
    assert len(calls_of(fake, "conversations.open")) == 1
    assert calls_of(fake, "users.list") == []


def test_people_are_read_from_all_pages_without_deactivated_ones(fake, slack):
    fake.workspace.largest_page = 2
    for number in range(5):
        fake.workspace.add_person(f"temp-{number}", deleted=number == 4)

    found = slack.users()

    assert [user.name for user in found] == ["wren", "alice", "bob", "temp-0", "temp-1", "temp-2", "temp-3"]


@pytest.mark.parametrize("who", ["bob", "@bob", "Bob Byrd", "BOB@example.com"])
def test_a_person_is_found_by_handle_name_or_address(slack, who):
    found = slack.user(who)

    assert found.name == "bob"
    assert found.email == "bob@example.com"


def test_a_handle_takes_precedence_over_a_display_name(fake, slack):
    fake.workspace.add_person("bobby", display_name="alice")

    assert slack.user("alice").name == "alice"


def test_a_name_shared_by_two_people_is_refused_with_both_ids(fake, slack):
    first = fake.workspace.add_person("kim1", real_name="Kim Park").id
    second = fake.workspace.add_person("kim2", real_name="Kim Park").id

    with pytest.raises(InvalidInput, match="pass an ID") as caught:
        slack.post("Hello", "@Kim Park")

    assert set(caught.value.details["candidates"]) == {first, second}
    assert calls_of(fake, "chat.postMessage") == []


def test_an_unknown_person_raises_an_error_with_the_nearest_handles(slack):
    with pytest.raises(NotFound, match="did you mean @alice") as caught:
        slack.user("alcie")

    assert caught.value.details["nearest"] == ["@alice"]


def test_a_person_who_joined_after_the_listing_is_found(fake, slack):
    slack.user("alice")
    fake.workspace.add_person("carol")

    assert slack.user("carol").name == "carol"


def test_people_are_listed_once_for_all_lookups(fake, slack):
    slack.user("alice")
    slack.user("bob")

    assert len(calls_of(fake, "users.list")) == 1
