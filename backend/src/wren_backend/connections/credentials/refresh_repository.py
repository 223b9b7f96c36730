"""Refreshing credentials once: a claim on the row, and a fence against late answers.

    if claim_refresh(...):            # commit, so that no lock is open during the request
        tokens = provider.refresh(...)
        if store_refreshed(...):      # in one transaction with vault.store
            vault.store(...)

The claim expires, so a refresher that died does not block the connection. The fence is the connection's
`version`: it rises with every change of credentials, and an answer for an older version is dropped.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, update
from sqlmodel import col, select

from wren_backend.connections.models import Connection, ConnectionStatus
from wren_backend.storage.database import ReadSession, WriteSession


def list_expiring(session: ReadSession, *, margin: timedelta, now: datetime, limit: int) -> list[Connection]:
    """List the connections of all workspaces whose access ends within `margin` and that may be refreshed now."""
    statement = (
        select(Connection)
        .where(Connection.status == ConnectionStatus.ACTIVE, col(Connection.expires_at) <= now + margin)
        .where(or_(col(Connection.next_refresh_at).is_(None), col(Connection.next_refresh_at) <= now))
        .where(_has_no_claim(now))
        .order_by(col(Connection.expires_at), col(Connection.id))
        .limit(limit)
    )
    return list(session.exec(statement))


def find_any(session: ReadSession, workspace_id: str, connection_id: str) -> Connection | None:
    """Find a connection of that workspace, of any user: for the platform's own refresher, never for a subject."""
    statement = select(Connection).where(Connection.workspace_id == workspace_id, Connection.id == connection_id)
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def claim_refresh(
    session: WriteSession, connection: Connection, *, claimant: str, until: datetime, now: datetime
) -> bool:
    """Claim the refresh of this version of the connection's credentials until `until`.

    False where a rival has the claim, or the credentials were changed since `connection` was read: read it again.
    Commit before calling the provider.
    """
    values = {"claimed_by": claimant, "claimed_until": until}
    return _change(session, connection, values, _has_no_claim(now)) is not None


def store_refreshed(
    session: WriteSession,
    connection: Connection,
    *,
    expires_at: datetime | None,
    scopes: list[str] | None,
    now: datetime,
) -> Connection | None:
    """Record that new credentials are in place and end the claim; None where others are in place already.

    After None the answer of the provider is void: read the connection again. `scopes=None` keeps those granted
    before. Seal the new credentials in the same transaction.
    """
    values: dict[str, Any] = {
        "version": connection.version + 1,
        "expires_at": expires_at,
        "error": None,
        "next_refresh_at": None,
        "refresh_failures": 0,
        "updated_at": now,
        **_NO_CLAIM,
    }
    if scopes is not None:
        values["scopes"] = scopes
    return _change(session, connection, values)


def plan_refresh(session: WriteSession, connection: Connection, *, at: datetime | None) -> Connection | None:
    """Set when to refresh the credentials just stored; None where others are in place already."""
    return _change(session, connection, {"next_refresh_at": at})


def postpone_refresh(
    session: WriteSession,
    connection: Connection,
    *,
    claimant: str,
    retry_at: datetime,
    error: Mapping[str, Any],
    now: datetime,
) -> Connection | None:
    """Give up the claim after a temporary failure; the connection stays active until the next attempt at `retry_at`.

    `error` keeps the reason, its `code` and `message` for the user to see; no secret.
    """
    values = {
        "error": dict(error),
        "next_refresh_at": retry_at,
        "refresh_failures": Connection.refresh_failures + 1,
        "updated_at": now,
        **_NO_CLAIM,
    }
    return _change(session, connection, values, col(Connection.claimed_by) == claimant)


def release_claim(session: WriteSession, connection: Connection, *, claimant: str) -> bool:
    """Give up the claim without a result; False where a rival has taken it over."""
    return _change(session, connection, _NO_CLAIM, col(Connection.claimed_by) == claimant) is not None


def mark_needs_reauth(
    session: WriteSession, connection: Connection, *, error: Mapping[str, Any], now: datetime
) -> Connection | None:
    """Record that a person must authorise the connection again; None where newer credentials are in place.

    Args:
        session: the transaction.
        connection: as it was read before the provider refused.
        error: `code` and `message` for the user to see; no secret.
        now: the present instant.
    """
    values = {"status": ConnectionStatus.NEEDS_REAUTH, "error": dict(error), "updated_at": now, **_NO_CLAIM}
    return _change(session, connection, values)


_NO_CLAIM: dict[str, Any] = {"claimed_by": None, "claimed_until": None}


def _has_no_claim(now: datetime) -> ColumnElement[bool]:
    return or_(col(Connection.claimed_until).is_(None), col(Connection.claimed_until) <= now)


def _change(
    session: WriteSession, connection: Connection, values: Mapping[str, Any], *conditions: ColumnElement[bool]
) -> Connection | None:
    same_version = (
        col(Connection.workspace_id) == connection.workspace_id,
        col(Connection.id) == connection.id,
        col(Connection.version) == connection.version,
        col(Connection.status) == ConnectionStatus.ACTIVE,
    )
    statement = update(Connection).where(*same_version, *conditions).values(dict(values))
    rows = session.returning(statement.returning(Connection))
    return rows[0] if rows else None
