import json
import stat

import pytest

KEY = "wren_testtest_0123456789012345678901234567890123456789012"


def stored(tmp_path):
    return tmp_path / "config" / "wren" / "profile.json"


def test_login_tries_the_key_and_remembers_it_for_its_owner_alone(wren, server, tmp_path):
    done = wren("login", "--url", server, "--json", stdin=f"{KEY}\n")

    assert (done.code, done.json["status"], done.json["url"]) == (0, "logged_in", server)
    assert json.loads(stored(tmp_path).read_text()) == {"url": server, "key": KEY}
    assert stat.S_IMODE(stored(tmp_path).stat().st_mode) == 0o600
    assert KEY not in done.out + done.err


def test_later_commands_use_what_was_remembered(wren, server, fake):
    wren("login", "--url", server, stdin=f"{KEY}\n")
    fake.add_deployment()

    assert wren("status", "--json").json["deployments"][0]["name"] == "daily"


@pytest.mark.parametrize(
    ("options", "variables"), [(("--key", "-"), {}), (("--key", KEY), {}), ((), {"WREN_API_KEY": KEY})]
)
def test_the_key_can_come_from_input_option_or_environment(wren, server, options, variables):
    done = wren("login", "--url", server, *options, stdin=f"{KEY}\n" if "-" in options else "", **variables)

    assert done.code == 0


def test_a_refused_key_is_not_stored(wren, server, tmp_path):
    done = wren("login", "--url", server, "--json", stdin="wren_wrong\n")

    assert (done.code, done.error["code"]) == (3, "UNAUTHENTICATED")
    assert not stored(tmp_path).exists()
    assert "wren_wrong" not in done.out


def test_a_server_that_does_not_answer_is_not_stored(wren, tmp_path):
    done = wren("login", "--url", "http://127.0.0.1:1", "--json", stdin=f"{KEY}\n")

    assert (done.code, done.error["code"]) == (4, "SERVER_UNREACHABLE")
    assert not stored(tmp_path).exists()


@pytest.mark.parametrize(("url", "key"), [("nonsense", KEY), ("http://127.0.0.1:1", "two words")])
def test_an_invalid_address_or_key_is_refused(wren, url, key):
    done = wren("login", "--url", url, "--json", stdin=f"{key}\n")

    assert (done.code, done.error["code"]) == (3, "PROFILE_INVALID")


def test_no_key_at_all_is_a_usage_error(wren):
    assert wren("login", "--url", "http://127.0.0.1:1").code == 2


def test_a_profile_others_can_read_is_not_used(wren, server, tmp_path):
    wren("login", "--url", server, stdin=f"{KEY}\n")
    stored(tmp_path).chmod(0o644)

    done = wren("status", "--json")

    assert (done.code, done.error["code"]) == (3, "PROFILE_EXPOSED")


def test_an_unencrypted_address_is_pointed_out(wren):
    done = wren("login", "--url", "http://wren.invalid", stdin=f"{KEY}\n")

    assert "not encrypted" in done.err
