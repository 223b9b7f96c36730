"""Waits until a person has authorised a connection."""

import time

from wren.api.client import Client
from wren.api.records import ApiConnection, ApiConnectionStarted
from wren.cli.screen import Screen
from wren_core.errors import UserFacingConfigError

_POLL_SECONDS = 1.0


def wait_until_connected(
    screen: Screen, client: Client, started: ApiConnectionStarted, *, before: ApiConnection | None, seconds: float
) -> ApiConnection:
    """Return the connection once it is active; for one that was active before, once its credentials are new.

    Raises:
        UserFacingConfigError: CONNECTION_FAILED when the attempt failed, CONNECTION_PENDING when the time is up.
    """
    deadline = time.monotonic() + seconds
    connection = client.connection(started.connection_id)
    try:
        if not _is_connected(connection, before):
            screen.note(f"waiting up to {seconds:g} s for consent; Ctrl-C stops waiting")
        while not _is_connected(connection, before):
            if _is_over(connection, started, before):
                raise _make_failed_error(connection)
            if time.monotonic() >= deadline:
                raise _make_pending_error(started, seconds)
            time.sleep(_POLL_SECONDS)
            connection = client.connection(started.connection_id)
    except KeyboardInterrupt:
        screen.note(f"the link stays valid; `wren connect {started.integration}` makes a new one")
        raise
    return connection


def _is_connected(connection: ApiConnection, before: ApiConnection | None) -> bool:
    if connection.status != "active" or before is None or before.status != "active":
        return connection.status == "active"
    return connection.version is None or connection.version != before.version


def _is_over(connection: ApiConnection, started: ApiConnectionStarted, before: ApiConnection | None) -> bool:
    """Tell whether an attempt has failed; the error of an active connection may be about its renewal instead."""
    if started.status == "active":
        return False
    old_error = before.error if before is not None else None
    return connection.status != started.status or connection.error != old_error


def _make_pending_error(started: ApiConnectionStarted, seconds: float) -> UserFacingConfigError:
    return UserFacingConfigError(
        f"{started.integration} was not connected within {seconds:g} s; finish it at the link, "
        f"or run `wren connect {started.integration}` for a new one",
        code="CONNECTION_PENDING",
        action_url=started.connect_url,
        details={"connection_id": started.connection_id},
    )


def _make_failed_error(connection: ApiConnection) -> UserFacingConfigError:
    reason = connection.error.get("message") if isinstance(connection.error, dict) else connection.error
    return UserFacingConfigError(
        f"{connection.integration} is not connected: {reason or connection.status}; "
        f"run `wren connect {connection.integration}` again",
        code="CONNECTION_FAILED",
        details={"connection_id": connection.id},
    )
