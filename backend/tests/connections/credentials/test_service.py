import json
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from servers.faults import answering, held
from wren_backend.connections import repository
from wren_backend.connections.credentials import refresh_repository
from wren_backend.connections.credentials.service import CredentialService
from wren_backend.testing import open_credentials
from wren_core.errors import WrenError
from wren_core.testing.patience import patience

AN_HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def connection(stand_in, context, subject, provider):
    """A connection with tokens of an hour."""
    return stand_in.connect_parcel(context, subject, stand_in.tokens_of(provider))


def token(credentials, subject):
    return open_credentials(credentials, subject, ["parcel"]).get("parcel").env["PARCEL_ACCESS_TOKEN"]


def test_a_run_gets_its_tokens_and_config_and_no_refresh_token(
    stand_in, context, subject, connection, credentials, read
):
    with context.database.writing() as session:
        now = context.clock.now()
        repository.configure(session, subject, connection.id, config={"page_size": 5}, now=now)

    held_by_run = open_credentials(credentials, subject, ["parcel", "abacus", "parcel"])

    _, stored = read(connection)
    parcel = held_by_run.get("parcel")
    assert (parcel.env, parcel.config) == ({"PARCEL_ACCESS_TOKEN": stored["access_token"]}, {"page_size": 5})
    assert held_by_run.secrets == [stored["access_token"]]
    assert stored["access_token"] not in repr(held_by_run)


def test_a_live_token_is_used_without_asking_the_provider(subject, connection, credentials, provider, read):
    assert token(credentials, subject) == read(connection)[1]["access_token"]
    assert provider.oauth.token_requests == 0


def test_a_token_about_to_end_is_refreshed_before_the_run(subject, connection, credentials, provider, clock, read):
    _, before = read(connection)
    clock.advance(56 * MINUTE)

    fresh = token(credentials, subject)

    row, after = read(connection)
    assert provider.oauth.token_requests == 1
    assert fresh == after["access_token"] != before["access_token"]
    assert row.expires_at == clock.now() + AN_HOUR
    assert row.next_refresh_at == clock.now() + 55 * MINUTE
    assert (row.version, row.claimed_by, row.error) == (connection.version + 1, None, None)


def test_a_refresh_opens_the_vault_once(context, subject, connection, clock):
    counted = Counter()

    class CountingVault:
        def __getattr__(self, name):
            counted[name] += 1
            return getattr(context.vault, name)

    clock.advance(AN_HOUR)

    token(CredentialService(replace(context, vault=CountingVault())), subject)

    assert (counted["open"], counted["store"]) == (1, 1)


def test_a_token_that_needs_no_refresh_is_opened_once(context, subject, connection):
    counted = Counter()

    class CountingVault:
        def __getattr__(self, name):
            counted[name] += 1
            return getattr(context.vault, name)

    token(CredentialService(replace(context, vault=CountingVault())), subject)

    assert (counted["open"], counted["store"]) == (1, 0)


def test_the_refreshed_credentials_are_those_that_were_stored(
    subject, connection, credentials, clock, context, stand_in, read
):
    clock.advance(AN_HOUR)

    refreshed = credentials.open(connection)

    row, stored = read(connection)
    assert refreshed.env == {"PARCEL_ACCESS_TOKEN": stored["access_token"]}
    assert refreshed.version == row.version


def test_a_rotated_refresh_token_takes_the_place_of_the_old_one(
    subject, connection, credentials, provider, clock, read
):
    _, before = read(connection)
    clock.advance(AN_HOUR)
    token(credentials, subject)

    _, after = read(connection)

    assert after["refresh_token"] != before["refresh_token"]
    clock.advance(AN_HOUR)
    assert token(credentials, subject) not in {before["access_token"], after["access_token"]}


def test_without_a_new_refresh_token_the_old_one_stays(subject, connection, credentials, provider, clock, read):
    provider.oauth.rotate = False
    _, before = read(connection)
    clock.advance(AN_HOUR)

    token(credentials, subject)

    _, after = read(connection)
    assert after["refresh_token"] == before["refresh_token"]
    assert after["access_token"] != before["access_token"]


def test_fifty_threads_with_an_ended_token_make_one_call(subject, connection, credentials, provider, clock, together):
    clock.advance(AN_HOUR)

    tokens = together(50, lambda _: token(credentials, subject))

    assert len(tokens) == 50
    assert len(set(tokens)) == 1
    assert provider.oauth.token_requests == 1


def test_fifty_threads_that_were_all_refused_make_one_call(subject, connection, credentials, provider, together):
    runs = [open_credentials(credentials, subject, ["parcel"]) for _ in range(50)]

    refreshed = together(50, lambda number: runs[number].refresh("parcel").env["PARCEL_ACCESS_TOKEN"])

    assert len(set(refreshed)) == 1
    assert provider.oauth.token_requests == 1
    assert provider.oauth.user_of(refreshed[0]) is not None


def test_two_processes_of_twenty_five_threads_make_one_call(
    subject, connection, provider, clock, key_line, database, provider_url
):
    clock.advance(AN_HOUR)
    job = {
        "database_url": database.engine.url.render_as_string(hide_password=False),
        "key_line": key_line,
        "base_url": provider_url,
        "subject": {"workspace_id": subject.workspace_id, "user_id": subject.user_id},
        "now": clock.now().isoformat(),
        "threads": 25,
    }
    program = [sys.executable, str(Path(__file__).parents[1] / "refresh_process.py")]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(program, **pipes) as one, subprocess.Popen(program, **pipes) as two:
        for process in (one, two):
            process.stdin.write(json.dumps(job) + "\n")
            process.stdin.flush()
        for process in (one, two):
            assert process.stdout.readline() == "ready\n"
        for process in (one, two):
            process.stdin.write("go\n")
            process.stdin.flush()
        tokens = [text for process in (one, two) for text in json.loads(process.stdout.readline())]

    assert len(tokens) == 50
    assert len(set(tokens)) == 1
    assert provider.oauth.token_requests == 1


def test_while_the_provider_hangs_others_read_write_and_use_the_live_token(
    stand_in, context, subject, connection, provider, clock, proxied, read
):
    proxy, credentials = proxied
    other = stand_in.connect_parcel(context, subject, stand_in.tokens_of(provider), alias="other", lifetime=8 * AN_HOUR)
    answer = threading.Event()
    proxy.inject(held(answer), path="/token")
    clock.advance(57 * MINUTE)
    with ThreadPoolExecutor(1) as threads:
        slow = threads.submit(token, credentials, subject)
        _until(lambda: read(connection)[0].claimed_by is not None)

        meanwhile = token(credentials, subject)
        with context.database.writing() as session:
            repository.configure(session, subject, other.id, alias="renamed", now=clock.now())
        still_running = not slow.done()
        answer.set()
        refreshed = slow.result(timeout=patience(30))

    assert still_running
    assert provider.oauth.user_of(meanwhile) is not None
    assert refreshed != meanwhile
    assert len(proxy.seen("/token")) == 1


def test_a_failing_provider_is_left_alone_while_the_token_lives(subject, connection, provider, clock, proxied, read):
    proxy, credentials = proxied
    proxy.inject(answering(503, Retry_After="60"), path="/token", times=None)
    clock.advance(56 * MINUTE)

    tokens = {token(credentials, subject) for _ in range(5)}

    row, stored = read(connection)
    assert tokens == {stored["access_token"]}
    assert len(proxy.seen("/token")) == 1
    assert (row.status, row.refresh_failures) == ("active", 1)
    assert row.next_refresh_at == clock.now() + MINUTE


@pytest.mark.parametrize("fault", [answering(500), answering(200, b"<h1>maintenance</h1>"), answering(429)])
def test_after_passing_trouble_the_next_attempt_succeeds(subject, connection, clock, proxied, fault, read):
    proxy, credentials = proxied
    proxy.inject(fault, path="/token")
    clock.advance(2 * AN_HOUR)
    with pytest.raises(WrenError) as caught:
        token(credentials, subject)

    clock.advance(MINUTE)

    assert token(credentials, subject)
    assert (caught.value.code, caught.value.can_retry) == ("PROVIDER_UNAVAILABLE", True)
    assert caught.value.retry_after_ms == 5000
    assert read(connection)[0].refresh_failures == 0


def test_an_ended_token_that_cannot_be_refreshed_yet_is_not_tried_by_every_run(subject, connection, clock, proxied):
    proxy, credentials = proxied
    proxy.inject(answering(503), path="/token", times=None)
    clock.advance(2 * AN_HOUR)

    codes = [_code(lambda: token(credentials, subject)) for _ in range(10)]

    assert codes == ["PROVIDER_UNAVAILABLE"] * 10
    assert len(proxy.seen("/token")) == 1


def test_a_client_the_provider_refuses_is_the_operators_matter(subject, connection, clock, credentials, provider, read):
    provider.oauth.client_secret = "another"
    clock.advance(2 * AN_HOUR)

    with pytest.raises(WrenError) as caught:
        token(credentials, subject)

    assert caught.value.code == "PROVIDER_NOT_CONFIGURED"
    assert caught.value.details["variable"] == "WREN_PROVIDERS__PARCELCO__CLIENT_SECRET"
    assert read(connection)[0].status == "active"


def test_a_refused_token_is_refreshed_once_and_the_run_keeps_the_new_one(subject, connection, credentials, provider):
    run = open_credentials(credentials, subject, ["parcel"])
    first = run.get("parcel").env["PARCEL_ACCESS_TOKEN"]

    second = run.refresh("parcel").env["PARCEL_ACCESS_TOKEN"]
    third = run.refresh("parcel").env["PARCEL_ACCESS_TOKEN"]

    assert first != second == third
    assert provider.oauth.token_requests == 1
    assert run.secrets == [first, second]


def test_a_long_run_may_refresh_again_later(subject, connection, credentials, provider, clock):
    run = open_credentials(credentials, subject, ["parcel"])
    run.refresh("parcel")
    clock.advance(MINUTE)

    run.refresh("parcel")

    assert provider.oauth.token_requests == 2


def test_a_run_cannot_refresh_what_it_does_not_hold(subject, connection, credentials):
    run = open_credentials(credentials, subject, [])

    with pytest.raises(WrenError) as caught:
        run.refresh("parcel")

    assert caught.value.code == "INVALID_INPUT"


def test_a_refused_key_that_nothing_refreshes_sends_a_person_to_reconnect(stand_in, context, subject, credentials):
    stand_in.connect_parcel(context, subject, {"access_token": "static"}, lifetime=None)
    run = open_credentials(credentials, subject, ["parcel"])

    with pytest.raises(WrenError) as caught:
        run.refresh("parcel")

    assert caught.value.code == "CONNECTION_NEEDS_REAUTH"
    assert caught.value.action_url == f"{stand_in.PUBLIC_URL}/integrations/parcel/reauthorize"


def test_a_token_that_lives_a_second_is_refreshed_once_for_a_run_and_used(
    subject, connection, credentials, provider, clock
):
    provider.oauth.token_lifetime = 1
    clock.advance(2 * AN_HOUR)

    assert token(credentials, subject)
    assert provider.oauth.token_requests == 1


def test_fewer_scopes_than_the_integration_needs_stop_a_run_before_it_starts(stand_in, context, subject, credentials):
    values = {"access_token": "at", "refresh_token": "rt"}
    stand_in.connect_parcel(context, subject, values, scopes=("parcels.read",))

    with pytest.raises(WrenError) as caught:
        open_credentials(credentials, subject, ["parcel"])

    assert caught.value.code == "OAUTH_SCOPE_MISSING"
    assert caught.value.details["missing"] == ["parcels.write"]


def test_a_stranger_has_no_connection(stranger, connection, credentials):
    assert _code(lambda: open_credentials(credentials, stranger, ["parcel"])) == "INTEGRATION_NOT_CONFIGURED"


def test_an_unknown_and_a_broken_integration_are_named(subject, credentials):
    assert _code(lambda: open_credentials(credentials, subject, ["parcle"])) == "INTEGRATION_UNKNOWN"
    assert _code(lambda: open_credentials(credentials, subject, ["broken"])) == "PLUGIN_FAILED"


def test_what_is_about_to_end_is_refreshed_without_a_run(
    stand_in, context, subject, connection, credentials, provider, clock
):
    stand_in.connect_parcel(context, subject, stand_in.tokens_of(provider), alias="later", lifetime=8 * AN_HOUR)
    clock.advance(56 * MINUTE)

    assert credentials.refresh_expiring() == 1
    assert credentials.refresh_expiring() == 0
    assert provider.oauth.token_requests == 1


def test_one_connection_that_cannot_be_refreshed_does_not_keep_the_others(
    stand_in, context, subject, credentials, provider, clock
):
    stand_in.connect_parcel(context, subject, {"access_token": "at", "refresh_token": "dead"}, alias="a-dead")
    alive = stand_in.connect_parcel(context, subject, stand_in.tokens_of(provider), alias="b-alive")
    clock.advance(AN_HOUR)

    assert credentials.refresh_expiring() == 2

    with context.database.reading() as session:
        assert refresh_repository.find_any(session, alive.workspace_id, alive.id).expires_at == clock.now() + AN_HOUR


def _code(call):
    with pytest.raises(WrenError) as caught:
        call()
    return caught.value.code


def _until(condition, tries=2000):
    """Wait for another thread to get somewhere."""
    pause = threading.Event()
    for _ in range(tries):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it did not happen")
