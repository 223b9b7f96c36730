"""The messages about a connection that cannot be refreshed, in the workspace's inbox."""

from datetime import datetime

from wren_backend.connections.addresses import Addresses
from wren_backend.connections.credentials.selection import reason_of
from wren_backend.connections.models import Connection
from wren_backend.messages import repository as messages
from wren_backend.messages.models import InboxMessage
from wren_backend.messages.repository import NewMessage
from wren_backend.storage.database import WriteSession

_SENDER = "wren"


def leave_notice(session: WriteSession, connection: Connection, addresses: Addresses, *, now: datetime) -> InboxMessage:
    """Add the message that the connection must be authorised again, in the transaction that marks it."""
    name = connection.integration
    return _leave(
        session,
        connection,
        subject=f"Authorise {name} ({connection.alias}) again",
        body=f"Scripts that use it cannot run until then: {reason_of(connection)}.\n"
        f"Open {addresses.reauthorize(name)} or run `wren connect {name}`.",
        now=now,
    )


def leave_warning(session: WriteSession, connection: Connection, *, since: datetime, now: datetime) -> InboxMessage:
    """Add the message that a connection could not be refreshed for long, while trying goes on."""
    name = connection.integration
    return _leave(
        session,
        connection,
        subject=f"{name} ({connection.alias}) cannot be refreshed",
        body=f"Every attempt since {since:%Y-%m-%d %H:%M} UTC failed: {reason_of(connection)}.\n"
        "Wren goes on trying. Scripts that use it fail while its access has ended.",
        now=now,
    )


def _leave(session: WriteSession, connection: Connection, *, subject: str, body: str, now: datetime) -> InboxMessage:
    message = NewMessage(sender=_SENDER, recipient=connection.user_id, subject=subject, body=body)
    return messages.add_message(session, connection.workspace_id, message, now=now)
