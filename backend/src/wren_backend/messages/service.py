"""Use cases of messages: read the workspace's inbox."""

from dataclasses import dataclass

import structlog

from wren_backend.clock import Clock
from wren_backend.messages import repository as messages
from wren_backend.messages.models import InboxMessage
from wren_backend.storage.database import Database
from wren_backend.storage.pagination import CursorCodec
from wren_backend.tenancy.auth import Subject
from wren_backend.tenancy.errors import MissingObject

log = structlog.get_logger()

_LIST_NAME = "messages"


@dataclass(frozen=True, kw_only=True)
class MessageService:
    """What a subject may do with the inbox of its workspace."""

    database: Database
    clock: Clock
    cursors: CursorCodec

    def list_page(
        self, subject: Subject, *, limit: int, cursor: str | None = None
    ) -> tuple[list[InboxMessage], str | None]:
        """Return a page of messages, newest first, and the cursor of the next page.

        Raises:
            CursorInvalid: the cursor is not one of this workspace.
        """
        workspace_id = subject.workspace_id
        after = self.cursors.decode(cursor, workspace_id=workspace_id, of=_LIST_NAME)
        with self.database.reading() as session:
            page = messages.list_messages(session, workspace_id, limit=limit, after=after)
        return page.items, self.cursors.encode(page.next, workspace_id=workspace_id, of=_LIST_NAME)

    def mark_read(self, subject: Subject, message_id: str) -> InboxMessage:
        """Mark a message as read and return it; one that was read before keeps its time.

        Raises:
            MissingObject: no such message in this workspace.
        """
        with self.database.writing() as session:
            read = messages.mark_read(session, subject.workspace_id, message_id, now=self.clock.now())
        if read is None:
            message = f"there is no message {message_id!r} in this workspace"
            raise MissingObject(message, details={"message_id": message_id})
        log.info("message.read", message_id=message_id)
        return read
