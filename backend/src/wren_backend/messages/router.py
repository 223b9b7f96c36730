"""The workspace's inbox over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request

from wren_backend.http.auth import CurrentSubject
from wren_backend.http.wire import ANSWERS_OF_API, Cursor, ResponseBody, Timestamp, documented
from wren_backend.messages.models import InboxMessage
from wren_backend.messages.service import MessageService

router = APIRouter(prefix="/v1", tags=["messages"], responses=ANSWERS_OF_API)


async def message_service(request: Request) -> MessageService:
    """Return the service of this app."""
    service: MessageService = request.app.state.services.messages
    return service


Messages = Annotated[MessageService, Depends(message_service)]
MessageId = Annotated[str, Path(description="Id of the message", examples=["msg_9sWmD3kQx7Lp"])]


class MessageRead(ResponseBody):
    """One message."""

    id: str
    sender: str
    to: str | None
    subject: str | None
    body: str
    run_id: str | None
    created_at: Timestamp
    read_at: Timestamp | None

    @classmethod
    def of(cls, row: InboxMessage) -> "MessageRead":
        """Shape a row."""
        return cls(
            id=row.id,
            sender=row.sender,
            to=row.recipient,
            subject=row.subject,
            body=row.body,
            run_id=row.run_id,
            created_at=row.created_at,
            read_at=row.read_at,
        )


class MessageList(ResponseBody):
    """Messages, newest first; `next_cursor` asks for the following page."""

    messages: list[MessageRead]
    next_cursor: str | None = None


@router.get("/messages", operation_id="list_messages", summary="Read the workspace's inbox, newest first")
def list_messages(
    subject: CurrentSubject,
    service: Messages,
    limit: Annotated[int, Query(ge=1, le=200, description="Rows of one page")] = 50,
    cursor: Cursor = None,
) -> MessageList:
    """Return one page of the messages that runs have left in the workspace."""
    found, following = service.list_page(subject, limit=limit, cursor=cursor)
    return MessageList(messages=[MessageRead.of(row) for row in found], next_cursor=following)


@router.post(
    "/messages/{message_id}/read",
    operation_id="mark_message_read",
    summary="Mark a message as read",
    responses=documented(404),
)
def mark_message_read(message_id: MessageId, subject: CurrentSubject, service: Messages) -> MessageRead:
    """Mark a message as read, for the whole workspace; one that was read before keeps its time."""
    return MessageRead.of(service.mark_read(subject, message_id))
