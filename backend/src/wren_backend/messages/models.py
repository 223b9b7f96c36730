"""Table of messages: the workspace's own inbox."""

from datetime import datetime

from sqlalchemy import Index, Text
from sqlmodel import Field

from wren_backend.storage.tables import Table


class InboxMessage(Table, table=True):
    """A message to the people of a workspace, usually from a run."""

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_newest", "workspace_id", "created_at", "id"),
        Index("ix_messages_age", "created_at", "id"),
    )

    id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE")
    run_id: str | None = Field(default=None, foreign_key="runs.id", ondelete="SET NULL", index=True)
    sender: str
    recipient: str | None = None
    """A name inside the workspace; None for everyone."""
    subject: str | None = None
    body: str = Field(sa_type=Text)
    created_at: datetime
    read_at: datetime | None = None
