"""Authorising a connection: links for people without a key, and the states of pending OAuth requests.

Both are secrets shown once; their rows hold hashes, expire, and are used once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import col, select

from wren_backend.connections.models import Connection, ConnectLink, OAuthState
from wren_backend.ids import hash_token, new_token
from wren_backend.storage.database import ReadSession, WriteSession

_Row = TypeVar("_Row")


@dataclass(frozen=True, kw_only=True)
class NewState:
    """An authorization request that is about to be sent.

    `state` and `browser` are secrets of `ids.new_token`: one goes to the provider, one into a cookie.
    """

    state: str
    browser: str
    sealed_code_verifier: bytes
    redirect_uri: str
    scopes: Sequence[str]
    expires_at: datetime
    return_to: str | None = None


def create_link(
    session: WriteSession, connection: Connection, *, expires_at: datetime, return_to: str | None = None, now: datetime
) -> str:
    """Make a connect link for a connection and return its token, of which only the hash is kept."""
    token = new_token()
    session.add(
        ConnectLink(
            token_hash=hash_token(token),
            workspace_id=connection.workspace_id,
            user_id=connection.user_id,
            integration=connection.integration,
            connection_id=connection.id,
            return_to=return_to,
            created_at=now,
            expires_at=expires_at,
        )
    )
    session.flush()
    return token


def find_link(session: ReadSession, token: str, *, now: datetime) -> ConnectLink | None:
    """Find an unused, unexpired link by its token, without using it up: a preview of the page must not do that."""
    return session.exec(select(ConnectLink).where(*_usable_link(token, now))).one_or_none()


def consume_link(session: WriteSession, token: str, *, now: datetime) -> ConnectLink | None:
    """Use a link up; of two who try at once, one gets it."""
    statement = update(ConnectLink).where(*_usable_link(token, now)).values(used_at=now)
    return _only(session.returning(statement.returning(ConnectLink)))


def create_state(session: WriteSession, connection: Connection, state: NewState, *, now: datetime) -> OAuthState:
    """Record an authorization request, bound to the connection, its user and the browser."""
    row = OAuthState(
        state_hash=hash_token(state.state),
        workspace_id=connection.workspace_id,
        user_id=connection.user_id,
        integration=connection.integration,
        connection_id=connection.id,
        browser_hash=hash_token(state.browser),
        sealed_code_verifier=state.sealed_code_verifier,
        redirect_uri=state.redirect_uri,
        scopes=list(state.scopes),
        return_to=state.return_to,
        created_at=now,
        expires_at=state.expires_at,
    )
    session.add(row)
    session.flush()
    return row


def consume_state(
    session: WriteSession, state: str, *, browser: str, integration: str, now: datetime
) -> OAuthState | None:
    """Use a state up and return it; None where it is unknown, used, expired, of another browser or integration.

    A wrong browser leaves the state as it is: a person who only saw the state cannot disturb the owner's attempt.
    Commit before the code is exchanged.
    """
    usable = (
        col(OAuthState.state_hash) == hash_token(state),
        col(OAuthState.browser_hash) == hash_token(browser),
        col(OAuthState.integration) == integration,
        col(OAuthState.used_at).is_(None),
        col(OAuthState.expires_at) > now,
    )
    return _only(session.returning(update(OAuthState).where(*usable).values(used_at=now).returning(OAuthState)))


def purge_expired(session: WriteSession, *, now: datetime) -> int:
    """Delete the links and states that have expired; return how many there were."""
    links = delete(ConnectLink).where(col(ConnectLink.expires_at) <= now).returning(ConnectLink)
    states = delete(OAuthState).where(col(OAuthState.expires_at) <= now).returning(OAuthState)
    return len(session.returning(links)) + len(session.returning(states))


def _usable_link(token: str, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(ConnectLink.token_hash) == hash_token(token),
        col(ConnectLink.used_at).is_(None),
        col(ConnectLink.expires_at) > now,
    )


def _only(rows: list[_Row]) -> _Row | None:
    return rows[0] if rows else None
