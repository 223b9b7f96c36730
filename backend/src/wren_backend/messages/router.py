"""The workspace's inbox over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query, Request

from wren_backend.http_auth import CurrentSubject
from wren_backend.messages import repository as messages
from wren_backend.messages.models import Message
from wren_backend.services import Services
from wren_backend.wire import ResponseBody, Timestamp, documented

router = APIRouter(prefix="/v1", tags=["messages"], responses=documented(401))
_LIST_NAME = "messages"


class MessageRead(ResponseBody):
    """One message."""

    id: str
    sender: str
    to: str | None
    subject: str | None
    body: str
    run_id: str | None
    created_at: Timestamp

    @classmethod
    def of(cls, row: Message) -> "MessageRead":
        """Shape a row."""
        return cls(
            id=row.id,
            sender=row.sender,
            to=row.recipient,
            subject=row.subject,
            body=row.body,
            run_id=row.run_id,
            created_at=row.created_at,
        )


class MessageList(ResponseBody):
    """Messages, newest first; `next_cursor` asks for the following page."""

    messages: list[MessageRead]
    next_cursor: str | None = None


@router.get("/messages", operation_id="list_messages", summary="Read the workspace's inbox, newest first")
def list_messages(
    request: Request,
    subject: CurrentSubject,
    limit: Annotated[int, Query(ge=1, le=200, description="Rows of one page")] = 50,
    cursor: Annotated[str | None, Query(max_length=400, description="`next_cursor` of the page before")] = None,
) -> MessageList:
    """Return one page of messages."""
    services: Services = request.app.state.services
    workspace_id, cursors = subject.workspace_id, services.runs.cursors
    after = None if cursor is None else cursors.decode(cursor, workspace_id=workspace_id, of=_LIST_NAME)
    with services.database.reading() as session:
        page = messages.list_messages(session, workspace_id, limit=limit, after=after)
    following = None if page.next is None else cursors.encode(page.next, workspace_id=workspace_id, of=_LIST_NAME)
    return MessageList(messages=[MessageRead.of(row) for row in page.items], next_cursor=following)
