"""Connections: always those of one user in one workspace."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from wren_backend.connections.models import Connection, ConnectionStatus
from wren_backend.ids import new_id
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.tenancy.auth import Subject
from wren_core.errors import AgentFixableError

DEFAULT_ALIAS = "default"


class AliasTaken(AgentFixableError):
    """The user already has a connection of that integration under that alias."""

    code = "ALIAS_TAKEN"


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What an authorization brought, apart from the credentials themselves."""

    scopes: Sequence[str] = ()
    expires_at: datetime | None = None
    account_id: str | None = None
    account_label: str | None = None
    config: Mapping[str, Any] = field(default_factory=dict)


def create_pending(
    session: WriteSession,
    subject: Subject,
    integration: str,
    *,
    alias: str = DEFAULT_ALIAS,
    config: Mapping[str, Any] | None = None,
    now: datetime,
) -> Connection:
    """Make a connection that is not yet authorised.

    Raises:
        AliasTaken: reconnect that one, or choose another alias.
    """
    row = Connection(
        id=new_id("conn"),
        workspace_id=subject.workspace_id,
        user_id=subject.user_id,
        integration=integration,
        alias=alias,
        status=ConnectionStatus.PENDING,
        config=dict(config or {}),
        created_at=now,
        updated_at=now,
    )
    stored = session.insert_new(row)
    if stored is None:
        raise AliasTaken(f"{integration} is already connected as {alias!r}; reconnect it or choose another alias")
    return stored


def find_connection(session: ReadSession, subject: Subject, connection_id: str) -> Connection | None:
    """Find a connection of the subject, revoked or not."""
    statement = select(Connection).where(*_owned_by(subject, connection_id))
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def find_by_alias(
    session: ReadSession, subject: Subject, integration: str, *, alias: str = DEFAULT_ALIAS
) -> Connection | None:
    """Find the subject's connection of an integration under an alias, unless it is revoked."""
    rows = list_connections(session, subject, integration=integration)
    return next((row for row in rows if row.alias == alias), None)


def list_connections(session: ReadSession, subject: Subject, *, integration: str | None = None) -> list[Connection]:
    """List the subject's connections (of one integration) that are not revoked, by integration and alias."""
    statement = select(Connection).where(
        Connection.workspace_id == subject.workspace_id,
        Connection.user_id == subject.user_id,
        Connection.status != ConnectionStatus.REVOKED,
    )
    if integration is not None:
        statement = statement.where(Connection.integration == integration)
    return list(session.exec(statement.order_by(Connection.integration, Connection.alias)))


def activate(
    session: WriteSession, subject: Subject, connection_id: str, grant: Grant, *, now: datetime
) -> Connection | None:
    """Make a connection usable after its first or a later authorization; None where it is gone or revoked.

    Seal its credentials in the same transaction. The version rises, so that a refresh in progress cannot undo this.
    """
    values: dict[str, Any] = {
        "status": ConnectionStatus.ACTIVE,
        "scopes": list(grant.scopes),
        "expires_at": grant.expires_at,
        "account_id": grant.account_id,
        "account_label": grant.account_label,
        "version": Connection.version + 1,
        "error": None,
        "claimed_by": None,
        "claimed_until": None,
        "next_refresh_at": None,
        "refresh_failures": 0,
        "updated_at": now,
    }
    if grant.config:
        values["config"] = dict(grant.config)
    return _change(session, subject, connection_id, values)


def note_failure(
    session: WriteSession, subject: Subject, connection_id: str, error: Mapping[str, Any] | None, *, now: datetime
) -> Connection | None:
    """Record why an authorization failed, or None to clear it; None where the connection is no longer pending."""
    values = {"error": None if error is None else dict(error), "updated_at": now}
    return _change(session, subject, connection_id, values, col(Connection.status) == ConnectionStatus.PENDING)


def configure(
    session: WriteSession,
    subject: Subject,
    connection_id: str,
    *,
    alias: str | None = None,
    config: Mapping[str, Any] | None = None,
    now: datetime,
) -> Connection | None:
    """Change a connection's alias or config; what is None stays. None where it is gone or revoked.

    Raises:
        AliasTaken: the subject has another connection of that integration under that alias.
    """
    given = {"alias": alias, "config": None if config is None else dict(config)}
    values = {name: value for name, value in given.items() if value is not None}
    try:
        return _change(session, subject, connection_id, {**values, "updated_at": now})
    except IntegrityError as exc:
        raise AliasTaken(f"another connection of that integration is called {alias!r}; choose another alias") from exc


def revoke(session: WriteSession, subject: Subject, connection_id: str, *, now: datetime) -> Connection | None:
    """Disconnect permanently; None where the connection is gone or already revoked.

    Shred its credentials in the same transaction.
    """
    values: dict[str, Any] = {
        "status": ConnectionStatus.REVOKED,
        "version": Connection.version + 1,
        "expires_at": None,
        "claimed_by": None,
        "claimed_until": None,
        "updated_at": now,
    }
    return _change(session, subject, connection_id, values)


def _owned_by(subject: Subject, connection_id: str) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Connection.workspace_id) == subject.workspace_id,
        col(Connection.user_id) == subject.user_id,
        col(Connection.id) == connection_id,
    )


def _change(
    session: WriteSession,
    subject: Subject,
    connection_id: str,
    values: Mapping[str, Any],
    *conditions: ColumnElement[bool],
) -> Connection | None:
    owned = (*_owned_by(subject, connection_id), col(Connection.status) != ConnectionStatus.REVOKED, *conditions)
    rows = session.returning(update(Connection).where(*owned).values(dict(values)).returning(Connection))
    return rows[0] if rows else None
