"""Which connection a script uses, and whether it can be used. Only `select` reads the database."""

from collections.abc import Collection, Sequence
from datetime import datetime

from wren_backend.connections import repository
from wren_backend.connections.context import ConnectionContext
from wren_backend.connections.errors import ConnectionNotNeeded
from wren_backend.connections.models import Connection, ConnectionStatus
from wren_backend.connections.problems import Problems
from wren_backend.connections.repository import DEFAULT_ALIAS
from wren_backend.connections.requirements import (
    accepts_connection,
    missing_credentials,
    missing_scopes,
    refresh_key,
    requires_connection,
)
from wren_backend.tenancy.auth import Subject

AUTHORISED = frozenset({ConnectionStatus.ACTIVE, ConnectionStatus.NEEDS_REAUTH})
"""The states of a connection that was authorised once."""


def select(
    context: ConnectionContext, subject: Subject, integration: str, alias: str | None = None
) -> Connection | None:
    """Return the subject's connection to an integration, checked; None where none is needed. Calls no provider.

    Args:
        context: the ports.
        subject: whose connection.
        integration: its name.
        alias: which of several; without it the default one (ADR 9).

    Raises:
        WrenError: IntegrationUnknown, PluginFailed, IntegrationNotConfigured, ConnectionUnknown, ConnectionAmbiguous,
            ConnectionNotNeeded, ConnectionNeedsReauth, TokenExpired, ScopeMissing.
    """
    spec = context.registry.spec(integration)
    if not accepts_connection(spec):
        if alias is not None:
            raise ConnectionNotNeeded(f"{integration} works without a connection; leave the alias {alias!r} out")
        return None
    problems = context.problems(spec)
    with context.database.reading() as session:
        rows = repository.list_connections(session, subject, integration=integration)
        connection = select_connection(rows, problems, user_id=subject.user_id, alias=alias)
        if connection is not None:
            stored = context.vault.list_fields(session, connection.place)
            check_connection(connection, stored, problems, now=context.clock.now())
    return connection


def select_connection(
    connections: Sequence[Connection], problems: Problems, *, user_id: str, alias: str | None = None
) -> Connection | None:
    """Return the connection of that alias, or the default one; None where there is none and none is required.

    Raises:
        IntegrationNotConfigured: no connection was ever authorised.
        ConnectionUnknown: none of them has that alias; lists the aliases.
        ConnectionAmbiguous: there are several and no default one; lists the aliases.
    """
    authorised = {item.alias: item for item in connections if item.status in AUTHORISED}
    if alias is not None and alias not in authorised:
        raise problems.unknown_alias(alias, list(authorised), user_id=user_id)
    if not authorised:
        if requires_connection(problems.spec):
            raise problems.not_configured(user_id=user_id)
        return None
    chosen = alias or default_alias(authorised)
    if chosen is None:
        raise problems.ambiguous(list(authorised))
    return authorised[chosen]


def default_alias(aliases: Collection[str]) -> str | None:
    """Return the alias that a script means when it names none: `default`, else the only one; None if neither fits."""
    if DEFAULT_ALIAS in aliases:
        return DEFAULT_ALIAS
    return next(iter(aliases)) if len(aliases) == 1 else None


def check_connection(connection: Connection, stored: Collection[str], problems: Problems, *, now: datetime) -> None:
    """Return where a run can use the connection, perhaps after a refresh.

    Args:
        connection: the connection.
        stored: the keys of its stored credentials.
        problems: makes the errors.
        now: the present instant.

    Raises:
        UserFacingConfigError: ConnectionNeedsReauth, IntegrationNotConfigured, TokenExpired or ScopeMissing.
    """
    if connection.status is ConnectionStatus.NEEDS_REAUTH:
        raise problems.needs_reauth(connection.alias, reason_of(connection))
    missing = missing_credentials(problems.spec, stored)
    if missing:
        raise problems.incomplete(missing)
    has_ended = connection.expires_at is not None and connection.expires_at <= now
    if has_ended and refresh_key(problems.spec) not in stored:
        raise problems.token_expired(connection.alias)
    ungranted = missing_scopes(problems.spec, connection.scopes)
    if ungranted:
        raise problems.scope_missing(connection.alias, ungranted)


def reason_of(connection: Connection) -> str:
    """Return why the connection needs attention, in words for a person."""
    return str((connection.error or {}).get("message") or "the provider no longer accepts it")
