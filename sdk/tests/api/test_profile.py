import stat

import pytest

from wren.api.profile import (
    DEFAULT_URL,
    current_profile,
    find_profile,
    make_profile,
    profile_path,
    save_profile,
)
from wren_core.errors import UserFacingConfigError

KEY = "wren_abcdefgh_secretsecretsecret"


@pytest.fixture
def environ(tmp_path):
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_what_is_saved_is_found_again_and_readable_by_its_owner_alone(environ):
    path = profile_path(environ)

    save_profile(make_profile("https://wren.example/", KEY), path)

    found = find_profile(path)
    assert found is not None
    assert (found.url, found.key.get_secret_value()) == ("https://wren.example", KEY)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert [item.name for item in path.parent.iterdir()] == ["profile.json"]


def test_the_folder_follows_xdg_only_where_it_is_absolute(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")

    assert str(profile_path({"XDG_CONFIG_HOME": "/x"})) == "/x/wren/profile.json"
    assert str(profile_path({"XDG_CONFIG_HOME": "x"})) == "/home/ada/.config/wren/profile.json"


def test_a_file_others_can_read_is_refused(environ):
    path = profile_path(environ)
    save_profile(make_profile(None, KEY), path)
    path.chmod(0o640)

    with pytest.raises(UserFacingConfigError, match="chmod 600") as caught:
        find_profile(path)

    assert caught.value.code == "PROFILE_EXPOSED"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"url": "x", "key": "k"}', '{"key": "k", "more": 1}'])
def test_a_damaged_file_says_to_log_in_again(environ, text):
    path = profile_path(environ)
    save_profile(make_profile(None, KEY), path)
    path.write_text(text)

    with pytest.raises(UserFacingConfigError, match="wren login") as caught:
        find_profile(path)

    assert caught.value.code == "PROFILE_INVALID"


@pytest.mark.parametrize(
    "url",
    ["wren.example", "ftp://wren.example", "http://", "http://me:pw@wren.example", "http://x:99999", "http://x/?a=1"],
)
def test_an_invalid_address_is_refused(url):
    with pytest.raises(UserFacingConfigError) as caught:
        make_profile(url, KEY)

    assert caught.value.code == "PROFILE_INVALID"


@pytest.mark.parametrize("key", ["", " ", "two words", "smörgås", "line\nbreak", "nul\0"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_repeated(key):
    with pytest.raises(UserFacingConfigError) as caught:
        make_profile(None, key)

    assert caught.value.code == "PROFILE_INVALID"
    assert not key.strip() or key not in str(caught.value)


def test_the_key_shows_in_no_repr():
    assert KEY not in repr(make_profile(None, KEY))


def test_the_environment_wins_over_what_is_stored(environ):
    save_profile(make_profile("https://stored.example", KEY), profile_path(environ))

    found = current_profile({**environ, "WREN_API_URL": "https://other.example", "WREN_API_KEY": "k2"})

    assert (found.url, found.key.get_secret_value()) == ("https://other.example", "k2")


def test_a_key_of_the_environment_goes_to_the_stored_server(environ):
    save_profile(make_profile("https://stored.example", KEY), profile_path(environ))

    assert current_profile({**environ, "WREN_API_KEY": "k2"}).url == "https://stored.example"
    assert current_profile({"XDG_CONFIG_HOME": "/nowhere", "WREN_API_KEY": "k2"}).url == DEFAULT_URL


def test_a_stored_key_is_never_sent_to_another_server(environ):
    save_profile(make_profile("https://stored.example", KEY), profile_path(environ))

    with pytest.raises(UserFacingConfigError, match=r"wren login --url https://other\.example") as caught:
        current_profile({**environ, "WREN_API_URL": "https://other.example"})

    assert caught.value.code == "NOT_LOGGED_IN"
    assert current_profile({**environ, "WREN_API_URL": "https://stored.example/"}).key.get_secret_value() == KEY


def test_without_a_login_the_error_says_how_to_log_in(environ):
    with pytest.raises(UserFacingConfigError, match="wren login") as caught:
        current_profile(environ)

    assert caught.value.code == "NOT_LOGGED_IN"
