from datetime import timedelta

from wren_backend.connections import repository as connections
from wren_backend.connections.credentials import refresh_repository as refreshes
from wren_backend.connections.models import ConnectionStatus
from wren_backend.tenancy.auth import Subject
from wren_backend.testing import NOW, add_connection, add_subject

SOON = NOW + timedelta(minutes=2)
LATER = NOW + timedelta(hours=1)
TROUBLE = {"code": "PROVIDER_UNAVAILABLE", "message": "the provider answered 503"}
UNTIL = NOW + timedelta(seconds=60)
ERROR = {"code": "INVALID_GRANT", "message": "authorise again"}


def expiring(database, **fields):
    return add_connection(database, add_subject(database), expires_at=SOON, **fields)


def owner_of(row):
    return Subject(workspace_id=row.workspace_id, user_id=row.user_id)


def claim(database, row, claimant="a", *, now=NOW):
    with database.writing() as session:
        return refreshes.claim_refresh(session, row, claimant=claimant, until=now + timedelta(seconds=60), now=now)


def store(database, row, *, expires_at=LATER, scopes=None):
    with database.writing() as session:
        return refreshes.store_refreshed(session, row, expires_at=expires_at, scopes=scopes, now=NOW)


def read(database, row):
    with database.reading() as session:
        return refreshes.find_any(session, row.workspace_id, row.id)


def listed(database, *, now=NOW, margin=timedelta(minutes=5), limit=10):
    with database.reading() as session:
        return [row.id for row in refreshes.list_expiring(session, margin=margin, now=now, limit=limit)]


def test_of_many_claims_one_is_granted(database, together):
    row = expiring(database)

    granted = together(20, lambda number: claim(database, row, str(number)))

    assert granted.count(True) == 1
    assert read(database, row).claimed_by == str(granted.index(True))


def test_a_claim_expires(database):
    row = expiring(database)
    claim(database, row)

    assert not claim(database, row, "b", now=UNTIL - timedelta(seconds=1))
    assert claim(database, row, "b", now=UNTIL)


def test_a_stored_refresh_raises_the_version_and_ends_the_claim(database):
    row = expiring(database)
    claim(database, row)

    stored = store(database, row, scopes=["read"])

    assert (stored.version, stored.expires_at, stored.scopes) == (row.version + 1, LATER, ["read"])
    assert (stored.claimed_by, stored.claimed_until) == (None, None)
    assert read(database, row) == stored


def test_scopes_that_are_not_told_stay_as_granted(database):
    row = expiring(database)
    claim(database, row)
    second = store(database, row, scopes=["read"])

    assert store(database, second, scopes=None).scopes == ["read"]


def test_a_claim_for_credentials_that_were_refreshed_meanwhile_is_refused(database):
    row = expiring(database)
    claim(database, row)
    store(database, row)

    assert not claim(database, row, "b")
    assert claim(database, read(database, row), "b")


def test_a_refresher_that_comes_back_late_cannot_undo_the_next_one(database):
    row = expiring(database)
    claim(database, row, "slow")
    claim(database, row, "quick", now=UNTIL)
    newest = store(database, row, expires_at=LATER)

    late = store(database, row, expires_at=SOON)

    assert late is None
    assert read(database, row) == newest


def test_a_late_refusal_does_not_disable_newer_credentials(database):
    row = expiring(database)
    claim(database, row, "slow")
    store(database, row)

    with database.writing() as session:
        assert refreshes.mark_needs_reauth(session, row, error=ERROR, now=NOW) is None

    assert read(database, row).status is ConnectionStatus.ACTIVE


def test_a_refusal_needs_a_person_and_ends_every_attempt(database):
    row = expiring(database)
    claim(database, row)

    with database.writing() as session:
        marked = refreshes.mark_needs_reauth(session, row, error=ERROR, now=NOW)

    assert (marked.status, marked.error, marked.claimed_by) == (ConnectionStatus.NEEDS_REAUTH, ERROR, None)
    assert not claim(database, marked)
    assert listed(database) == []


def test_a_failure_that_may_pass_keeps_it_active_and_waits(database):
    row = expiring(database)
    claim(database, row)

    with database.writing() as session:
        postponed = refreshes.postpone_refresh(session, row, claimant="a", retry_at=SOON, error=TROUBLE, now=NOW)

    assert (postponed.status, postponed.version) == (ConnectionStatus.ACTIVE, row.version)
    assert postponed.error == TROUBLE
    assert (postponed.next_refresh_at, postponed.refresh_failures, postponed.claimed_by) == (SOON, 1, None)
    assert listed(database) == []
    assert listed(database, now=SOON) == [row.id]


def test_only_the_claimant_postpones_or_releases(database):
    row = expiring(database)
    claim(database, row, "slow")
    claim(database, row, "quick", now=UNTIL)

    with database.writing() as session:
        assert refreshes.postpone_refresh(session, row, claimant="slow", retry_at=SOON, error=TROUBLE, now=NOW) is None
        assert not refreshes.release_claim(session, row, claimant="slow")
        assert refreshes.release_claim(session, row, claimant="quick")

    assert claim(database, row, "next", now=UNTIL)


def test_a_success_forgets_the_failures_before_it(database):
    row = expiring(database)
    claim(database, row)
    with database.writing() as session:
        refreshes.postpone_refresh(session, row, claimant="a", retry_at=SOON, error=TROUBLE, now=NOW)

    stored = store(database, row)

    assert (stored.next_refresh_at, stored.refresh_failures) == (None, 0)
    assert stored.error is None


def test_a_reconnect_beats_a_refresh_under_way(database):
    row = expiring(database)
    claim(database, row)
    with database.writing() as session:
        reconnected = connections.activate(session, owner_of(row), row.id, connections.Grant(expires_at=LATER), now=NOW)

    assert store(database, row, expires_at=SOON) is None
    assert read(database, row) == reconnected


def test_what_expires_within_the_margin_is_listed_soonest_first(database):
    subject = add_subject(database)
    expected = []
    for integration, minutes in (("c", 4), ("a", -10), ("b", 1), ("later", 6), ("never", None)):
        expires_at = None if minutes is None else NOW + timedelta(minutes=minutes)
        row = add_connection(database, subject, integration, expires_at=expires_at)
        if minutes is not None and minutes <= 5:
            expected.append((minutes, row.id))

    assert listed(database) == [row_id for _minutes, row_id in sorted(expected)]
    assert listed(database, limit=1) == [sorted(expected)[0][1]]


def test_what_is_claimed_or_revoked_is_not_listed(database):
    claimed, revoked = expiring(database), expiring(database)
    claim(database, claimed)
    with database.writing() as session:
        connections.revoke(session, owner_of(revoked), revoked.id, now=NOW)

    assert listed(database) == []
    assert listed(database, now=UNTIL) == [claimed.id]


def test_a_connection_of_another_workspace_is_not_found(database):
    row = expiring(database)

    with database.reading() as session:
        assert refreshes.find_any(session, add_subject(database).workspace_id, row.id) is None
