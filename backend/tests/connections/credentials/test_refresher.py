from dataclasses import replace
from datetime import timedelta

import pytest

from servers.faults import losing_the_answer
from wren_backend.connections import repository
from wren_backend.connections.credentials import refresh_repository
from wren_backend.connections.credentials.refresher import CLAIM_FOR, Refresher
from wren_backend.connections.credentials.service import CredentialService
from wren_backend.connections.oauth.token_endpoint import TokenEndpoint
from wren_backend.storage.errors import DatabaseBusy
from wren_backend.testing import open_credentials
from wren_core.errors import WrenError

AN_HOUR = timedelta(hours=1)


class Crashed(BaseException):
    """Ends the process at this point, as far as the code under test can tell."""


@pytest.fixture
def connection(stand_in, context, subject, provider, clock):
    """A connection whose token has ended."""
    row = stand_in.connect_parcel(context, subject, stand_in.tokens_of(provider))
    clock.advance(2 * AN_HOUR)
    return row


@pytest.fixture
def spec(stand_in):
    return stand_in.Parcel.spec


class Interposed(TokenEndpoint):
    """The real endpoint, with something that happens once after the provider has answered."""

    def __init__(self, then):
        super().__init__()
        self._then = [then]

    def refresh(self, provider, refresh_token):
        answer = super().refresh(provider, refresh_token)
        if self._then:
            self._then.pop()()
        return answer


def crash():
    raise Crashed


def interposed(context, then):
    return replace(context, endpoint=Interposed(then))


def open_once(context, subject):
    return open_credentials(CredentialService(context), subject, ["parcel"]).get("parcel").env["PARCEL_ACCESS_TOKEN"]


def code_of(context, subject):
    with pytest.raises(WrenError) as caught:
        open_once(context, subject)
    return caught.value.code


def test_a_crash_after_the_provider_rotated_is_found_out_at_the_next_attempt(
    stand_in, context, subject, connection, provider, clock, read, inbox
):
    with pytest.raises(Crashed):
        open_once(interposed(context, crash), subject)
    clock.advance(CLAIM_FOR)

    with pytest.raises(WrenError) as caught:
        open_once(context, subject)

    row, _ = read(connection)
    assert caught.value.code == "CONNECTION_NEEDS_REAUTH"
    assert caught.value.action_url == f"{stand_in.PUBLIC_URL}/integrations/parcel/reauthorize"
    assert (row.status, row.error["code"]) == ("needs_reauth", "CONNECTION_NEEDS_REAUTH")
    assert "cut off after the provider may have replaced the refresh token" in row.error["message"]
    assert [message.subject for message in inbox()] == ["Authorise parcel (default) again"]


def test_after_such_a_crash_the_provider_is_asked_once_more_and_never_again(
    context, subject, connection, provider, clock
):
    with pytest.raises(Crashed):
        open_once(interposed(context, crash), subject)
    clock.advance(CLAIM_FOR)

    codes = {code_of(context, subject) for _ in range(10)}

    assert codes == {"CONNECTION_NEEDS_REAUTH"}
    assert provider.oauth.token_requests == 2


def test_after_a_crash_at_a_provider_that_does_not_rotate_no_person_is_asked(
    context, subject, connection, provider, clock, read
):
    provider.oauth.rotate = False
    with pytest.raises(Crashed):
        open_once(interposed(context, crash), subject)
    clock.advance(CLAIM_FOR)

    assert provider.oauth.user_of(open_once(context, subject)) is not None
    assert read(connection)[0].status == "active"


def test_the_intent_to_refresh_is_stored_before_the_provider_is_asked(context, subject, connection, read):
    seen = []
    open_once(interposed(context, lambda: seen.append(read(connection)[0])), subject)

    assert seen[0].claimed_by is not None
    assert seen[0].claimed_until == context.clock.now() + CLAIM_FOR


def test_an_answer_that_is_lost_after_the_provider_rotated_ends_loudly(
    stand_in, context, subject, connection, clock, provider, provider_url, start_proxy, read
):
    proxy = start_proxy(provider_url)
    proxy.inject(losing_the_answer(), path="/token")
    behind = replace(context, providers=stand_in.provider_settings(proxy.url))
    assert code_of(behind, subject) == "PROVIDER_UNAVAILABLE"
    clock.advance(timedelta(seconds=5))

    assert code_of(behind, subject) == "CONNECTION_NEEDS_REAUTH"
    assert read(connection)[0].status == "needs_reauth"


def test_a_dead_grant_marks_the_connection_and_tells_people_once(
    context, subject, connection, provider, together, read, inbox
):
    provider.oauth.revoke_everything()

    codes = together(20, lambda _: code_of(context, subject))

    row, _ = read(connection)
    assert set(codes) == {"CONNECTION_NEEDS_REAUTH"}
    assert provider.oauth.token_requests == 1
    assert (row.status, row.claimed_by) == ("needs_reauth", None)
    assert len(inbox()) == 1
    assert inbox()[0].recipient == subject.user_id


def test_a_refresher_that_overran_its_claim_does_not_undo_the_second_one(
    spec, context, subject, connection, provider, clock, read
):
    provider.oauth.rotate = False
    seconds = []

    def overrun():
        clock.advance(CLAIM_FOR)
        seconds.append(open_once(context, subject))

    late = Refresher(interposed(context, overrun)).refresh(spec, connection)

    row, stored = read(connection)
    assert late.refreshed is None
    assert stored["access_token"] == seconds[0]
    assert row.version == connection.version + 1


def test_a_refresher_whose_token_died_by_a_rivals_call_does_not_mark_the_connection(
    spec, context, connection, clock, read
):
    class Overtaken(TokenEndpoint):
        def refresh(self, provider, refresh_token):
            now = clock.advance(CLAIM_FOR)
            with context.database.writing() as session:
                until = now + CLAIM_FOR
                refresh_repository.claim_refresh(session, connection, claimant="rival", until=until, now=now)
            super().refresh(provider, refresh_token)  # the rival's call; its answer is not stored yet
            return super().refresh(provider, refresh_token)

    late = Refresher(replace(context, endpoint=Overtaken())).refresh(spec, connection)

    row, _ = read(connection)
    assert (late.refreshed, late.failure) == (None, None)
    assert (row.status, row.claimed_by) == ("active", "rival")


def test_a_person_who_authorises_meanwhile_is_not_undone(spec, stand_in, context, subject, connection, provider, read):
    def reauthorise():
        now = context.clock.now()
        with context.database.writing() as session:
            context.vault.store(session, connection.place, {"access_token": "new", "refresh_token": "new-rt"}, now=now)
            repository.activate(session, subject, connection.id, repository.Grant(expires_at=now + AN_HOUR), now=now)

    late = Refresher(interposed(context, reauthorise)).refresh(spec, connection)

    assert late.refreshed is None
    assert read(connection)[1] == {"access_token": "new", "refresh_token": "new-rt"}


def test_a_database_that_is_busy_for_a_while_does_not_lose_the_rotated_token(spec, context, connection, provider, read):
    busy, pauses = [1, 2, 3], []
    vault = context.vault

    class Busy:
        def __getattr__(self, name):
            return getattr(vault, name)

        def store(self, *args, **kwargs):
            if busy:
                busy.pop()
                raise DatabaseBusy("held")
            vault.store(*args, **kwargs)

    outcome = Refresher(replace(context, vault=Busy()), sleep=pauses.append).refresh(spec, connection)

    _, stored = read(connection)
    assert outcome.refreshed is not None
    assert provider.oauth.user_of(stored["access_token"]) is not None
    assert pauses == [0.5, 0.5, 0.5]


def test_every_outcome_is_counted(spec, context, connection, provider, clock):
    outcomes = []
    counting = replace(context, on_refresh=outcomes.append)

    Refresher(counting).refresh(spec, connection)
    Refresher(counting).refresh(spec, connection)

    assert outcomes == ["refreshed"]
