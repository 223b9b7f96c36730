from datetime import UTC, datetime, timedelta

import pytest

from wren_backend.connections.oauth.token_answer import (
    DEFAULT_LIFETIME,
    TokenAnswerInvalid,
    read_scopes,
    read_token_answer,
)

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


def read(answer, separator=" "):
    return read_token_answer(answer, scope_separator=separator, now=NOW)


def test_a_plain_answer_is_read_whole():
    grant = read({"access_token": "at", "refresh_token": "rt", "expires_in": 3600, "scope": "a b"})

    assert (grant.access_token, grant.refresh_token, grant.scopes) == ("at", "rt", ("a", "b"))
    assert grant.expires_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("seconds", ["3600", 3600.0, "3600.0"])
def test_expires_in_may_be_text_or_a_float(seconds):
    assert read({"access_token": "at", "expires_in": seconds}).expires_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("seconds", [None, -1, 0, "soon", "NaN", "inf", True, [], {"s": 1}])
def test_a_refreshable_token_without_a_usable_lifetime_gets_the_default_one(seconds):
    grant = read({"access_token": "at", "refresh_token": "rt", "expires_in": seconds})

    assert grant.expires_at == NOW + DEFAULT_LIFETIME


def test_a_token_that_cannot_be_refreshed_and_names_no_end_has_none():
    assert read({"access_token": "at"}).expires_at is None


@pytest.mark.parametrize("lifetime", ["soon", "", None, [], True])
def test_a_lifetime_that_cannot_be_read_is_as_good_as_none(lifetime):
    assert read({"access_token": "at", "expires_in": lifetime}).expires_at is None


@pytest.mark.parametrize(
    "fields",
    [
        {"expires": "3600"},
        {"expires_in_sec": 3600, "expires_in": 3_600_000},
        {"expires_at": (NOW + timedelta(hours=1)).timestamp()},
        {"expires_on": str(int((NOW + timedelta(hours=1)).timestamp()))},
        {"expires_at": int((NOW + timedelta(hours=1)).timestamp() * 1000)},
        {"expires_at": (NOW + timedelta(hours=1)).isoformat()},
        {"expires_in": "", "expires": 3600},
    ],
)
def test_a_lifetime_is_found_under_every_usual_name(fields):
    assert read({"access_token": "at", **fields}).expires_at == NOW + timedelta(hours=1)


def test_a_grant_inside_of_data_is_read():
    grant = read({"code": 0, "data": {"access_token": "at", "refresh_token": "rt", "expires_in": "3600"}})

    assert (grant.access_token, grant.refresh_token, grant.expires_at) == ("at", "rt", NOW + timedelta(hours=1))


@pytest.mark.parametrize("scope", ["a,b", "a b", "a, b", ["a", "b"], "a  b "])
def test_scopes_are_read_from_text_and_lists_with_either_separator(scope):
    assert read({"access_token": "at", "scope": scope}).scopes == ("a", "b")


@pytest.mark.parametrize("seconds", [-1, 0])
def test_a_token_that_cannot_be_refreshed_and_has_ended_is_refused(seconds):
    with pytest.raises(TokenAnswerInvalid):
        read({"access_token": "at", "expires_in": seconds})


def test_an_absurd_lifetime_is_cut_to_ten_years():
    assert read({"access_token": "at", "expires_in": 10**18}).expires_at == NOW + timedelta(days=3650)


@pytest.mark.parametrize("token", [None, "", 7, ["at"], "two words", "line\nbreak", "nul\x00", "x" * 20_000, "é"])
def test_a_token_that_no_header_can_carry_is_refused_and_not_quoted(token):
    with pytest.raises(TokenAnswerInvalid) as caught:
        read({"access_token": token})

    assert str(caught.value) == "the answer has no usable access_token"


def test_a_token_of_the_user_nested_in_the_answer_counts_where_there_is_no_other():
    grant = read({"ok": True, "authed_user": {"id": "U1", "access_token": "xoxp", "scope": "a,b"}}, ",")

    assert (grant.access_token, grant.scopes) == ("xoxp", ("a", "b"))


def test_a_token_of_the_app_wins_over_the_nested_one():
    grant = read({"access_token": "xoxb", "scope": "a", "authed_user": {"access_token": "xoxp", "scope": "b"}}, ",")

    assert (grant.access_token, grant.scopes) == ("xoxb", ("a",))


def test_an_answer_without_a_scope_means_as_asked_for():
    assert read({"access_token": "at"}).scopes is None


@pytest.mark.parametrize(
    ("value", "separator", "expected"),
    [
        ("a,b", ",", ("a", "b")),
        ("a b", ",", ("a", "b")),
        ("a  b a", " ", ("a", "b")),
        ("https://x/a,b https://x/c", " ", ("https://x/a,b", "https://x/c")),
        (["a", "b"], " ", ("a", "b")),
        ("", " ", ()),
        (7, " ", None),
    ],
)
def test_scopes_are_split_as_the_provider_joins_them(value, separator, expected):
    assert read_scopes(value, separator) == expected


def test_a_grant_does_not_show_its_tokens():
    shown = repr(read({"access_token": "secret-at", "refresh_token": "secret-rt"}))

    assert "secret" not in shown
