"""Which connection a script uses, and whether it can: pure decisions over rows."""

from collections.abc import Collection, Sequence
from datetime import datetime

from wren_backend.connections.models import Connection, ConnectionStatus
from wren_backend.connections.problems import Problems
from wren_backend.connections.repository import DEFAULT_ALIAS
from wren_backend.connections.requirements import missing_credentials, missing_scopes, refresh_key, requires_connection

_AUTHORISED = frozenset({ConnectionStatus.ACTIVE, ConnectionStatus.NEEDS_REAUTH})


def select_connection(connections: Sequence[Connection], problems: Problems, *, user_id: str) -> Connection | None:
    """Return the one called `default`, else the only one; None where there is none and none is required.

    Raises:
        IntegrationNotConfigured: there is none that was ever authorised.
        ConnectionAmbiguous: there are several; names their aliases.
    """
    authorised = [item for item in connections if item.status in _AUTHORISED]
    for item in authorised:
        if item.alias == DEFAULT_ALIAS:
            return item
    if len(authorised) > 1:
        raise problems.ambiguous([item.alias for item in authorised])
    if not authorised and requires_connection(problems.spec):
        raise problems.not_configured(user_id=user_id)
    return authorised[0] if authorised else None


def check_connection(connection: Connection, stored: Collection[str], problems: Problems, *, now: datetime) -> None:
    """Return where a run can use the connection, perhaps after a refresh.

    Args:
        connection: the connection.
        stored: the keys of its stored credentials.
        problems: words what is wrong.
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
