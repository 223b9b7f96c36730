"""Table of idempotency keys: answered requests with their answers."""

from datetime import datetime

from sqlalchemy import Text
from sqlmodel import Field

from wren_backend.storage.tables import Table


class IdempotencyKey(Table, table=True):
    """A key that a client gave to one request of one workspace, and the answer."""

    __tablename__ = "idempotency_keys"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.id", ondelete="CASCADE")
    operation: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_hash: str
    status_code: int | None = None
    body: str | None = Field(default=None, sa_type=Text)
    """The answer byte for byte; a JSON column would reorder its keys."""
    created_at: datetime
    expires_at: datetime = Field(index=True)
