import re
from datetime import timedelta

import pytest
from sqlmodel import select

from wren_backend.ids import hash_token
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import Subject, authenticate, bootstrap, issue_key, verify_key
from wren_backend.tenancy.models import ApiKey, User, Workspace
from wren_backend.testing import NOW, add_subject


def issue(database, subject, *, expires_at=None):
    with database.writing() as session:
        user = tenancy.find_user(session, subject.workspace_id, subject.user_id)
        issued = issue_key(session, user, name="test", now=NOW, expires_at=expires_at)
    return issued.plain.get_secret_value(), issued.row


def test_an_issued_key_proves_whose_it_is(database):
    subject = add_subject(database)
    plain, row = issue(database, subject)

    found = authenticate(database, plain, now=NOW)

    assert found == Subject(workspace_id=subject.workspace_id, user_id=subject.user_id, key_id=row.id)


def test_a_key_has_its_form_and_is_kept_as_a_hash(database):
    plain, row = issue(database, add_subject(database))

    with database.reading() as session:
        stored = session.exec(select(ApiKey)).one()

    assert re.fullmatch(r"wren_[a-z0-9]{8}_[A-Za-z0-9_-]{43}", plain)
    assert plain.startswith(f"wren_{row.prefix}_")
    assert plain.split("_", 2)[2] not in repr(stored.model_dump())
    assert stored.key_hash == hash_token(plain)
    assert stored.key_hash not in repr(stored)


def test_a_new_key_shows_itself_only_when_asked(database):
    subject = add_subject(database)

    with database.writing() as session:
        user = tenancy.find_user(session, subject.workspace_id, subject.user_id)
        issued = issue_key(session, user, name="test", now=NOW)

    assert issued.plain.get_secret_value() not in repr(issued) + str(issued)


def test_a_key_with_the_right_prefix_and_another_secret_is_refused(database):
    plain, _row = issue(database, add_subject(database))
    other = "A" if plain[-1] != "A" else "B"

    assert authenticate(database, plain[:-1] + other, now=NOW) is None


@pytest.mark.parametrize(
    "plain", ["", "wren_", "wren_aaaaaaaa_", "Bearer x", "wren_aaaaaaaa_\x00", "\ud800", "x" * 10**6]
)
def test_an_invalid_key_is_refused(database, plain):
    assert authenticate(database, plain, now=NOW) is None


def test_a_revoked_key_stops_with_the_next_request_and_stays_revoked(database):
    subject = add_subject(database)
    plain, row = issue(database, subject)
    assert authenticate(database, plain, now=NOW)

    with database.writing() as session:
        tenancy.revoke_api_key(session, subject.workspace_id, row.id, now=NOW)
    with database.writing() as session:
        again = tenancy.revoke_api_key(session, subject.workspace_id, row.id, now=NOW + timedelta(days=1))

    assert authenticate(database, plain, now=NOW) is None
    assert again.revoked_at == NOW


def test_an_expired_key_is_refused(database):
    plain, _row = issue(database, add_subject(database), expires_at=NOW + timedelta(hours=1))

    assert authenticate(database, plain, now=NOW + timedelta(minutes=59))
    assert authenticate(database, plain, now=NOW + timedelta(hours=1)) is None


def test_a_key_of_a_disabled_user_is_refused(database):
    subject = add_subject(database)
    plain, _row = issue(database, subject)

    with database.writing() as session:
        tenancy.disable_user(session, subject.workspace_id, subject.user_id, now=NOW)

    assert authenticate(database, plain, now=NOW) is None


def test_a_key_of_a_deleted_workspace_is_refused(database):
    subject = add_subject(database)
    plain, _row = issue(database, subject)

    with database.writing() as session:
        assert tenancy.delete_workspace(session, subject.workspace_id)

    assert authenticate(database, plain, now=NOW) is None


def test_the_last_use_is_recorded_once_a_minute(database):
    plain, row = issue(database, add_subject(database))
    uses = []

    for seconds in (0, 59, 60):
        authenticate(database, plain, now=NOW + timedelta(seconds=seconds))
        with database.reading() as session:
            uses.append(session.exec(select(ApiKey.last_used_at).where(ApiKey.id == row.id)).one() - NOW)

    assert uses == [timedelta(0), timedelta(0), timedelta(seconds=60)]


def test_a_wrong_key_does_not_count_as_use(database):
    plain, _row = issue(database, add_subject(database))

    authenticate(database, plain[:-1] + ("A" if plain[-1] != "A" else "B"), now=NOW)

    with database.reading() as session:
        assert session.exec(select(ApiKey.last_used_at)).all() == [None]


def test_verifying_needs_no_write_session(database):
    plain, row = issue(database, add_subject(database))

    with database.reading() as session:
        assert verify_key(session, plain, now=NOW).id == row.id


def test_the_first_start_makes_a_workspace_a_user_and_a_key(database):
    first = bootstrap(database, now=NOW)

    assert authenticate(database, first.plain.get_secret_value(), now=NOW) == first.subject
    with database.reading() as session:
        workspace = tenancy.find_workspace_by_slug(session, "default")
        assert workspace.id == first.subject.workspace_id
        assert [user.name for user in tenancy.list_users(session, workspace.id)] == ["admin"]


def test_the_second_start_makes_nothing(database):
    bootstrap(database, now=NOW)

    assert bootstrap(database, now=NOW) is None
    with database.reading() as session:
        assert len(session.exec(select(ApiKey)).all()) == 1


def test_of_many_first_starts_at_once_one_gets_the_key(database, together):
    results = together(8, lambda _number: bootstrap(database, now=NOW))

    with database.reading() as session:
        counts = [len(session.exec(select(model)).all()) for model in (Workspace, User, ApiKey)]
    assert len([result for result in results if result is not None]) == 1
    assert counts == [1, 1, 1]
