"""The message that a connection needs a person, in the workspace's inbox."""

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
    message = NewMessage(
        sender=_SENDER,
        recipient=connection.user_id,
        subject=f"Authorise {name} ({connection.alias}) again",
        body=f"Scripts that use it cannot run until then: {reason_of(connection)}.\n"
        f"Open {addresses.reauthorize(name)} or run `wren connect {name}`.",
    )
    return messages.add_message(session, connection.workspace_id, message, now=now)
