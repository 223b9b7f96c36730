from datetime import timedelta

import pytest

from wren_backend.connections import repository as connections
from wren_backend.connections.models import Connection, ConnectionStatus
from wren_backend.connections.repository import AliasTaken, Grant
from wren_backend.tenancy import repository as tenancy
from wren_backend.tenancy.auth import Subject
from wren_backend.testing import NOW, add_connection, add_subject

LATER = NOW + timedelta(hours=1)
GRANT = Grant(scopes=["read"], expires_at=LATER, account_id="42", account_label="me@example.com")


def create(database, subject, integration="gmail", **fields):
    with database.writing() as session:
        return connections.create_pending(session, subject, integration, now=NOW, **fields)


def activate(database, subject, row, grant=GRANT):
    with database.writing() as session:
        return connections.activate(session, subject, row.id, grant, now=LATER)


def find(database, subject, row):
    with database.reading() as session:
        return connections.find_connection(session, subject, row.id)


def colleague_of(database, subject):
    with database.writing() as session:
        user = tenancy.add_user(session, subject.workspace_id, name="colleague", now=NOW)
    return Subject(workspace_id=subject.workspace_id, user_id=user.id)


def test_a_connection_begins_as_pending(database):
    subject = add_subject(database)

    row = create(database, subject, config={"folder": "x"})

    assert find(database, subject, row) == row
    assert (row.status, row.alias, row.version, row.config) == (ConnectionStatus.PENDING, "default", 1, {"folder": "x"})
    assert row.created_at == NOW


def test_a_grant_makes_it_active_and_raises_the_version(database):
    subject = add_subject(database)

    row = activate(database, subject, create(database, subject, config={"folder": "x"}))

    assert (row.status, row.version, row.scopes, row.expires_at) == (ConnectionStatus.ACTIVE, 2, ["read"], LATER)
    assert (row.account_id, row.account_label, row.config) == ("42", "me@example.com", {"folder": "x"})


def test_a_new_grant_clears_what_was_wrong(database):
    subject = add_subject(database)
    row = add_connection(database, subject)
    with database.writing() as session:
        stale = session.get(Connection, row.id)
        stale.status, stale.error = ConnectionStatus.NEEDS_REAUTH, {"code": "X"}
        stale.claimed_by, stale.claimed_until = "someone", LATER
        stale.next_refresh_at, stale.refresh_failures = LATER, 3

    again = activate(database, subject, row)

    assert (again.id, again.status, again.error) == (row.id, ConnectionStatus.ACTIVE, None)
    assert (again.claimed_by, again.claimed_until, again.next_refresh_at, again.refresh_failures) == (
        None,
        None,
        None,
        0,
    )


def test_an_alias_is_given_once_for_each_integration(database):
    subject = add_subject(database)
    create(database, subject)

    create(database, subject, "slack")
    create(database, subject, alias="work")
    with pytest.raises(AliasTaken, match="'default'") as caught:
        create(database, subject)

    assert (caught.value.type, caught.value.code) == ("AgentFixableError", "ALIAS_TAKEN")


def test_rivals_for_one_alias_get_one_connection(database, together):
    subject = add_subject(database)

    def attempt(_number: int) -> bool:
        try:
            create(database, subject)
        except AliasTaken:
            return False
        return True

    assert sorted(together(8, attempt)) == [False] * 7 + [True]


def test_connections_of_another_workspace_or_user_are_not_found(database):
    owner = add_subject(database)
    row = add_connection(database, owner)

    for stranger in (add_subject(database), colleague_of(database, owner)):
        with database.writing() as session:
            assert connections.find_connection(session, stranger, row.id) is None
            assert connections.find_by_alias(session, stranger, "gmail") is None
            assert connections.list_connections(session, stranger) == []
            assert connections.activate(session, stranger, row.id, GRANT, now=NOW) is None
            assert connections.configure(session, stranger, row.id, alias="mine", now=NOW) is None
            assert connections.revoke(session, stranger, row.id, now=NOW) is None

    assert find(database, owner, row) == row


def test_a_workspace_id_with_the_user_id_of_another_workspace_finds_nothing(database):
    mine, theirs = add_subject(database), add_subject(database)
    row = add_connection(database, theirs)
    mixed = Subject(workspace_id=mine.workspace_id, user_id=theirs.user_id)

    assert find(database, mixed, row) is None


def test_connections_are_listed_by_integration_and_alias(database):
    subject = add_subject(database)
    for integration, alias in (("slack", "default"), ("gmail", "work"), ("gmail", "home")):
        create(database, subject, integration, alias=alias)

    with database.reading() as session:
        every = connections.list_connections(session, subject)
        gmail = connections.list_connections(session, subject, integration="gmail")
        work = connections.find_by_alias(session, subject, "gmail", alias="work")

    assert [(row.integration, row.alias) for row in every] == [
        ("gmail", "home"),
        ("gmail", "work"),
        ("slack", "default"),
    ]
    assert [row.alias for row in gmail] == ["home", "work"]
    assert work.alias == "work"


def test_a_revoked_connection_gives_its_alias_back_and_cannot_be_revived(database):
    subject = add_subject(database)
    row = add_connection(database, subject)

    with database.writing() as session:
        revoked = connections.revoke(session, subject, row.id, now=LATER)

    assert (revoked.status, revoked.version) == (ConnectionStatus.REVOKED, row.version + 1)
    assert activate(database, subject, row) is None
    replacement = create(database, subject)
    with database.writing() as session:
        assert connections.revoke(session, subject, row.id, now=LATER) is None
        assert [item.id for item in connections.list_connections(session, subject)] == [replacement.id]


def test_alias_and_config_change_and_what_is_not_given_stays(database):
    subject = add_subject(database)
    row = create(database, subject, config={"folder": "x"})

    with database.writing() as session:
        renamed = connections.configure(session, subject, row.id, alias="work", now=LATER)
        assert (renamed.alias, renamed.config) == ("work", {"folder": "x"})
        configured = connections.configure(session, subject, row.id, config={}, now=LATER)
        assert (configured.alias, configured.config, configured.updated_at) == ("work", {}, LATER)


def test_an_alias_in_use_cannot_be_taken_over(database):
    subject = add_subject(database)
    create(database, subject)
    other = create(database, subject, alias="work")

    with pytest.raises(AliasTaken), database.writing() as session:
        connections.configure(session, subject, other.id, alias="default", now=LATER)

    assert find(database, subject, other).alias == "work"
