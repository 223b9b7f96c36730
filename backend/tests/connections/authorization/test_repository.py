from datetime import timedelta

from sqlmodel import select

from wren_backend.connections.authorization import repository as authorizations
from wren_backend.connections.authorization.repository import NewState
from wren_backend.connections.models import ConnectLink, OAuthState
from wren_backend.testing import NOW, add_connection, add_subject

END = NOW + timedelta(minutes=10)
BEFORE_END = END - timedelta(seconds=1)


def create_state(database, connection, *, state="state-1", browser="browser-1"):
    new = NewState(
        state=state,
        browser=browser,
        sealed_code_verifier=b"sealed",
        redirect_uri="http://wren/callback",
        scopes=["read"],
        return_to="/console",
        expires_at=END,
    )
    with database.writing() as session:
        return authorizations.create_state(session, connection, new, now=NOW)


def consume(database, state="state-1", *, browser="browser-1", integration="mail", now=NOW):
    with database.writing() as session:
        return authorizations.consume_state(session, state, browser=browser, integration=integration, now=now)


def create_link(database, connection):
    with database.writing() as session:
        return authorizations.create_link(session, connection, expires_at=END, return_to="/x", now=NOW)


def test_a_state_brings_back_what_it_was_made_for(database):
    connection = add_connection(database, add_subject(database))
    create_state(database, connection)

    row = consume(database, now=BEFORE_END)

    assert (row.workspace_id, row.user_id, row.connection_id) == (
        connection.workspace_id,
        connection.user_id,
        connection.id,
    )
    assert (row.sealed_code_verifier, row.redirect_uri, row.scopes) == (b"sealed", "http://wren/callback", ["read"])
    assert (row.return_to, row.used_at) == ("/console", BEFORE_END)


def test_a_state_is_good_once(database):
    create_state(database, add_connection(database, add_subject(database)))

    assert consume(database) is not None
    assert consume(database) is None


def test_of_many_callbacks_with_one_state_one_is_served(database, together):
    create_state(database, add_connection(database, add_subject(database)))

    served = together(20, lambda _number: consume(database))

    assert len([row for row in served if row is not None]) == 1


def test_a_state_expires(database):
    create_state(database, add_connection(database, add_subject(database)))

    assert consume(database, now=END) is None


def test_another_browser_cannot_use_a_state_nor_spoil_it(database):
    create_state(database, add_connection(database, add_subject(database)))

    assert consume(database, browser="browser-2") is None
    assert consume(database, browser="") is None
    assert consume(database) is not None


def test_a_state_is_of_one_integration(database):
    create_state(database, add_connection(database, add_subject(database)))

    assert consume(database, integration="slack") is None
    assert consume(database) is not None


def test_an_unknown_state_is_nobodys(database):
    assert consume(database, "") is None
    assert consume(database, "state-\x00\ud800") is None


def test_secrets_of_a_state_are_kept_as_hashes(database):
    row = create_state(database, add_connection(database, add_subject(database)))

    with database.reading() as session:
        stored = session.exec(select(OAuthState)).one()
    shown = repr(stored.model_dump())

    assert "state-1" not in shown
    assert "browser-1" not in shown
    assert row.state_hash not in repr(row)


def test_a_second_login_does_not_end_the_first(database):
    connection = add_connection(database, add_subject(database))
    create_state(database, connection, state="first")
    create_state(database, connection, state="second")

    assert consume(database, "first") is not None
    assert consume(database, "second") is not None


def test_looking_at_a_link_does_not_use_it_up(database):
    connection = add_connection(database, add_subject(database))
    token = create_link(database, connection)

    for _ in range(2):
        with database.reading() as session:
            assert authorizations.find_link(session, token, now=NOW).connection_id == connection.id
    with database.writing() as session:
        used = authorizations.consume_link(session, token, now=NOW)
        assert (used.user_id, used.integration, used.return_to) == (connection.user_id, "mail", "/x")
        assert authorizations.find_link(session, token, now=NOW) is None


def test_of_many_uses_of_one_link_one_is_served(database, together):
    token = create_link(database, add_connection(database, add_subject(database)))

    def use(_number: int) -> ConnectLink | None:
        with database.writing() as session:
            return authorizations.consume_link(session, token, now=NOW)

    assert len([row for row in together(20, use) if row is not None]) == 1


def test_a_link_expires_and_is_stored_as_a_hash(database):
    token = create_link(database, add_connection(database, add_subject(database)))

    with database.writing() as session:
        assert authorizations.find_link(session, token, now=END) is None
        assert authorizations.consume_link(session, token, now=END) is None
        assert token not in repr(session.exec(select(ConnectLink)).one().model_dump())


def test_what_has_ended_is_purged(database):
    connection = add_connection(database, add_subject(database))
    create_state(database, connection)
    create_link(database, connection)

    with database.writing() as session:
        assert authorizations.purge_expired(session, now=BEFORE_END) == 0
        assert authorizations.purge_expired(session, now=END) == 2
        assert session.exec(select(OAuthState)).all() == []
