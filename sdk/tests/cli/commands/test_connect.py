import signal
import subprocess
import sys
import time

import pytest

from wren_core.testing.patience import patience

LINK = "https://wren.example/integrations/parcel/setup?token=t"


def posted(fake):
    return [(request.path, request.json()) for request in fake.requests if request.method == "POST"]


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
    assert posted(fake) == [("/v1/connections", {"integration": "parcel", "alias": "home"})]
    assert done.json["connection_id"] == done.json["id"] == "conn_1"
    assert LINK in done.err


def test_an_agent_gets_the_link_without_waiting(wren, fake, logged_in):
    fake.connection_states = [{"status": "pending", "connect_url": LINK}]

    done = wren("connect", "parcel", "--no-wait", "--json", **logged_in)

    assert (done.code, done.json["connect_url"], done.err) == (0, LINK, "")
    assert [request.path for request in fake.requests] == ["/v1/connections", "/v1/connections"]


def test_a_key_is_handed_over_from_standard_input_and_shown_nowhere(wren, fake, logged_in):
    fake.connection_states = [{"status": "active"}]

    done = wren("connect", "parcel", "--value", "key", "--value", "user=ada", stdin="secret-1\n", **logged_in)

    assert done.code == 0
    assert posted(fake)[0][1]["values"] == {"key": "secret-1", "user": "ada"}
    assert "secret-1" not in done.out + done.err


def test_settings_of_a_new_connection_go_with_it_as_json_or_text(wren, fake, logged_in):
    fake.connection_states = [{"status": "active"}]
    settings = ("host=db.example", "port=5433", "allow_writes=true", "query=a=b")

    wren(
        "connect",
        "parcel",
        "--value",
        "key=x",
        *(part for text in settings for part in ("--config", text)),
        **logged_in,
    )

    config = {"host": "db.example", "port": 5433, "allow_writes": True, "query": "a=b"}
    assert posted(fake)[0][1]["config"] == config


def test_settings_change_a_connection_that_works_and_keep_the_others(wren, fake, logged_in):
    held = fake.add_connection(config={"host": "old.example", "port": 5433})
    fake.connection_states = [{"status": "active"}]

    done = wren("connect", "parcel", "--config", "host=new.example", "--json", **logged_in)

    assert done.code == 0
    assert held["config"] == {"host": "new.example", "port": 5433}
    assert [path for path, _ in posted(fake) if path.endswith("reauthorize")] == []


@pytest.mark.parametrize("setting", ["host", "=x", ""])
def test_a_setting_without_name_or_value_is_a_usage_error(wren, logged_in, fake, setting):
    done = wren("connect", "parcel", "--config", setting, "--json", **logged_in)

    assert (done.code, done.error["code"], fake.requests) == (2, "USAGE", [])


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


def test_a_connection_that_broke_is_authorised_again_in_place(wren, fake, logged_in):
    broken = {"status": "needs_reauth", "error": {"message": "the provider withdrew it"}}
    fake.add_connection(id="conn_7", **broken)
    fake.connection_states = [{**broken, "connect_url": LINK}, broken, {"status": "active"}]

    done = wren("connect", "parcel", "--json", **logged_in)

    assert (done.code, done.json["connection_id"], done.json["status"]) == (0, "conn_7", "active")
    assert posted(fake) == [("/v1/connections/conn_7/reauthorize", {})]
    assert LINK in done.err


def test_a_connection_that_works_is_left_alone(wren, fake, logged_in):
    fake.add_connection()

    plain, as_json = wren("connect", "parcel", **logged_in), wren("connect", "parcel", "--json", **logged_in)

    assert (plain.code, as_json.code) == (0, 0)
    assert "parcel is already connected as ada@example.org (conn_1, default)" in plain.out
    assert "--again" in plain.out
    assert (as_json.json["connection_id"], as_json.json["status"]) == ("conn_1", "active")
    assert {path for path, _ in posted(fake)} == {"/v1/integrations/validate"}


def test_again_authorises_a_working_connection(wren, fake, logged_in):
    fake.add_connection()
    active = {"status": "active", "version": 1}
    fake.connection_states = [{**active, "connect_url": LINK}, active, {**active, "version": 2}]

    done = wren("connect", "parcel", "--again", "--json", **logged_in)

    assert (done.code, done.json["version"]) == (0, 2)
    assert posted(fake) == [("/v1/connections/conn_1/reauthorize", {})]


@pytest.mark.parametrize(("alias", "is_asked"), [("default", True), ("other", False)])
def test_an_active_connection_that_no_run_could_use_is_authorised_again(wren, fake, logged_in, alias, is_asked):
    fake.add_connection()
    fake.connection_states = [{"status": "active", "connect_url": LINK}]
    error = {"type": "UserFacingConfigError", "code": "OAUTH_SCOPE_MISSING", "message": "less than it needs"}
    fake.validation = {"valid": False, "errors": [{**error, "integration": "parcel", "details": {"alias": alias}}]}

    done = wren("connect", "parcel", "--no-wait", "--json", **logged_in)

    assert done.code == 0
    assert (("/v1/connections/conn_1/reauthorize", {}) in posted(fake)) is is_asked


def test_a_key_given_for_a_connection_replaces_the_one_it_holds(wren, fake, logged_in):
    fake.add_connection()
    fake.connection_states = [{"status": "active", "version": 2}]

    done = wren("connect", "parcel", "--value", "key", "--json", stdin="secret-2\n", **logged_in)

    assert done.code == 0
    assert posted(fake) == [("/v1/connections/conn_1/reauthorize", {"values": {"key": "secret-2"}})]


def test_without_an_alias_the_only_connection_is_meant(wren, fake, logged_in):
    fake.add_connection(id="conn_9", alias="work", status="needs_reauth")
    fake.connection_states = [{"status": "needs_reauth", "connect_url": LINK}]

    wren("connect", "parcel", "--no-wait", **logged_in)
    wren("connect", "parcel", "--alias", "home", "--no-wait", **logged_in)

    paths = [path for path, _ in posted(fake)]
    assert paths == ["/v1/connections/conn_9/reauthorize", "/v1/connections"]


def test_waiting_for_an_unfinished_connection_ends_with_its_link(wren, fake, logged_in):
    fake.connection_states = [{"status": "pending", "connect_url": LINK}]

    done = wren("connect", "parcel", "--timeout", "1", "--json", **logged_in)

    assert (done.code, done.error["code"], done.error["action_url"]) == (3, "CONNECTION_PENDING", LINK)
    assert "within 1 s" in done.error["message"]


def test_after_ctrl_c_the_command_says_that_the_link_stays_valid(fake, logged_in, environment, tmp_path):
    fake.connection_states = [{"status": "pending", "connect_url": LINK}]
    command = [sys.executable, "-m", "wren", "connect", "parcel", "--no-browser"]

    with subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**environment, **logged_in}, cwd=tmp_path
    ) as process:
        assert LINK in process.stderr.readline()
        assert "waiting up to 300 s" in process.stderr.readline()
        wait_until_asked(fake, times=2)
        process.send_signal(signal.SIGINT)
        told = process.stderr.read()

    assert process.returncode == 130
    assert told == "the link stays valid; `wren connect parcel` makes a new one\n"


def wait_until_asked(fake, *, times):
    """Return when the command has asked so often how its connection is: it is waiting, and prints nothing."""
    started = time.monotonic()
    while sum(request.path == "/v1/connections/conn_1" for request in fake.requests) < times:
        assert time.monotonic() - started < patience(30)
        time.sleep(0.02)


def test_only_web_pages_are_opened(wren, fake, logged_in, tmp_path):
    opened = tmp_path / "opened"
    (tmp_path / "browser").write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    (tmp_path / "browser").chmod(0o755)
    desktop = {"BROWSER": f"{tmp_path}/browser %s", "DISPLAY": ":0", **logged_in}

    for link in ("file:///etc/passwd", LINK):
        fake.connection_states = [{"status": "pending", "connect_url": link}]
        wren("connect", "parcel", "--no-wait", **desktop)

    assert opened.read_text() == f"{LINK}\n"
