import pytest

LINK = "https://wren.example/integrations/parcel/setup?token=t"


def test_connect_shows_the_link_and_waits_until_it_is_active(wren, fake, logged_in):
    pending = {"status": "pending", "connect_url": LINK}
    fake.connection_states = [pending, pending, {"status": "active", "account": "ada@example.org"}]

    done = wren("connect", "parcel", "--no-browser", **logged_in)

    assert done.code == 0
    assert LINK in done.err
    assert "parcel is connected as ada@example.org" in done.out


def test_connect_in_json_prints_the_connection_alone(wren, fake, logged_in):
    fake.connection_states = [{"status": "pending", "connect_url": LINK}, {"status": "active"}]

    done = wren("connect", "parcel", "--alias", "home", "--json", **logged_in)

    assert (done.code, done.json["status"]) == (0, "active")
    assert fake.requests[0].json() == {"integration": "parcel", "alias": "home"}
    assert LINK in done.err


def test_an_agent_gets_the_link_without_waiting(wren, fake, logged_in):
    fake.connection_states = [{"status": "pending", "connect_url": LINK}]

    done = wren("connect", "parcel", "--no-wait", "--json", **logged_in)

    assert (done.code, done.json["connect_url"]) == (0, LINK)
    assert len(fake.requests) == 1


def test_a_key_is_handed_over_from_standard_input_and_shown_nowhere(wren, fake, logged_in):
    fake.connection_states = [{"status": "active"}]

    done = wren("connect", "parcel", "--value", "key", "--value", "user=ada", stdin="secret-1\n", **logged_in)

    assert done.code == 0
    assert fake.requests[0].json()["values"] == {"key": "secret-1", "user": "ada"}
    assert "secret-1" not in done.out + done.err


@pytest.mark.parametrize("value", ["key", "=x"])
def test_a_value_without_text_or_name_is_a_usage_error(wren, logged_in, fake, value):
    done = wren("connect", "parcel", "--value", value, "--json", **logged_in)

    assert (done.code, done.error["code"], fake.requests) == (2, "USAGE", [])


def test_a_refused_connection_asks_for_a_person_again(wren, fake, logged_in):
    error = {"code": "ACCESS_DENIED", "message": "consent was refused"}
    fake.connection_states = [{"status": "pending", "connect_url": LINK}, {"status": "failed", "error": error}]

    done = wren("connect", "parcel", "--json", **logged_in)

    assert (done.code, done.error["code"]) == (3, "CONNECTION_FAILED")
    assert "consent was refused" in done.error["message"]


def test_a_refusal_that_leaves_the_connection_pending_is_seen_too(wren, fake, logged_in):
    pending = {"status": "pending", "connect_url": LINK}
    fake.connection_states = [pending, pending, {"status": "pending", "error": {"message": "consent was refused"}}]

    done = wren("connect", "parcel", "--json", **logged_in)

    assert (done.code, done.error["code"]) == (3, "CONNECTION_FAILED")


def test_a_connection_that_broke_is_connected_again_in_place(wren, fake, logged_in):
    broken = {"status": "needs_reauth", "error": {"message": "the provider withdrew it"}, "connect_url": LINK}
    fake.connection_states = [broken, broken, {"status": "active"}]

    done = wren("connect", "parcel", "--json", **logged_in)

    assert (done.code, done.json["status"]) == (0, "active")
    assert LINK in done.err


def test_a_connection_nobody_finishes_is_given_up_with_its_link(wren, fake, logged_in):
    fake.connection_states = [{"status": "pending", "connect_url": LINK}]

    done = wren("connect", "parcel", "--timeout", "1", "--json", **logged_in)

    assert (done.code, done.error["code"], done.error["action_url"]) == (3, "CONNECTION_PENDING", LINK)


def test_only_web_pages_are_opened(wren, fake, logged_in, tmp_path):
    opened = tmp_path / "opened"
    (tmp_path / "browser").write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    (tmp_path / "browser").chmod(0o755)
    desktop = {"BROWSER": f"{tmp_path}/browser %s", "DISPLAY": ":0", **logged_in}

    for link in ("file:///etc/passwd", LINK):
        fake.connection_states = [{"status": "pending", "connect_url": link}]
        wren("connect", "parcel", "--no-wait", **desktop)

    assert opened.read_text() == f"{LINK}\n"
