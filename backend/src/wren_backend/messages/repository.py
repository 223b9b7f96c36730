"""The workspace's inbox."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, update
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from wren_backend.ids import new_id
from wren_backend.messages.models import InboxMessage
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.storage.pagination import Page, Position, older_than, page_of
from wren_backend.storage.storable import storable_text


@dataclass(frozen=True, kw_only=True)
class NewMessage:
    """A message to add to an inbox."""

    sender: str
    body: str
    subject: str | None = None
    recipient: str | None = None
    run_id: str | None = None


def add_message(session: WriteSession, workspace_id: str, message: NewMessage, *, now: datetime) -> InboxMessage:
    """Add a message to the inbox of a workspace."""
    row = InboxMessage(
        id=new_id("msg"),
        workspace_id=workspace_id,
        run_id=message.run_id,
        sender=storable_text(message.sender),
        recipient=None if message.recipient is None else storable_text(message.recipient),
        subject=None if message.subject is None else storable_text(message.subject),
        body=storable_text(message.body),
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def list_messages(
    session: ReadSession, workspace_id: str, *, limit: int, after: Position | None = None
) -> Page[InboxMessage]:
    """List the messages of a workspace, newest first, after the position `after`."""
    statement = select(InboxMessage).where(InboxMessage.workspace_id == workspace_id)
    if after is not None:
        statement = statement.where(older_than(after, col(InboxMessage.created_at), col(InboxMessage.id)))
    newest_first = statement.order_by(col(InboxMessage.created_at).desc(), col(InboxMessage.id).desc()).limit(limit + 1)
    rows = list(session.exec(newest_first))
    return page_of(rows, limit, lambda row: Position(created_at=row.created_at, id=row.id))


def delete_old(session: WriteSession, *, before: datetime, limit: int) -> int:
    """Delete messages of all workspaces from before a moment, the oldest first; return how many."""
    old = select(InboxMessage.id).where(InboxMessage.created_at < before)
    return _delete(session, old.order_by(col(InboxMessage.created_at), col(InboxMessage.id)).limit(limit))


def delete_excess(session: WriteSession, workspace_id: str, *, most: int, limit: int) -> int:
    """Delete messages that are not among the `most` newest of a workspace; return how many."""
    newest = select(InboxMessage.id).where(InboxMessage.workspace_id == workspace_id)
    newest = newest.order_by(col(InboxMessage.created_at).desc(), col(InboxMessage.id).desc())
    return _delete(session, newest.offset(most).limit(limit))


def _delete(session: WriteSession, chosen: SelectOfScalar[str]) -> int:
    ids = list(session.exec(chosen))
    if ids:
        session.exec(delete(InboxMessage).where(col(InboxMessage.id).in_(ids)))
    return len(ids)


def mark_read(session: WriteSession, workspace_id: str, message_id: str, *, now: datetime) -> InboxMessage | None:
    """Mark a message of that workspace as read; one that was read before keeps its time."""
    theirs = (col(InboxMessage.workspace_id) == workspace_id, col(InboxMessage.id) == message_id)
    statement = update(InboxMessage).where(*theirs).values(read_at=func.coalesce(col(InboxMessage.read_at), now))
    rows = session.returning(statement.returning(InboxMessage))
    return rows[0] if rows else None
