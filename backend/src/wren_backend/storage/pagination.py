"""Pages of rows, newest first, and the signed cursors that lead from one page to the next."""

import base64
import binascii
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from sqlalchemy import ColumnElement, and_, or_
from sqlalchemy.orm import Mapped

from wren_core.errors import AgentFixableError

_Item = TypeVar("_Item")
_MAC_BYTES = 16


class CursorInvalid(AgentFixableError):
    """The cursor was changed, belongs to another workspace or list, or was made before the keys were rotated."""

    code = "CURSOR_INVALID"


@dataclass(frozen=True, kw_only=True)
class Position:
    """The place of a row in a list that is ordered by creation time."""

    created_at: datetime
    id: str


@dataclass(frozen=True, kw_only=True)
class Page(Generic[_Item]):
    """Some rows, and the position after which the rest follow (None at the end)."""

    items: list[_Item]
    next: Position | None


def page_of(rows: list[_Item], limit: int, position: Callable[[_Item], Position]) -> Page[_Item]:
    """Return the page for `rows`; the query asked for one more than `limit`, to learn whether there are more."""
    items = rows[:limit]
    return Page(items=items, next=position(items[-1]) if len(rows) > limit else None)


def older_than(position: Position, created_at: Mapped[datetime], id_: Mapped[str]) -> ColumnElement[bool]:
    """Return the condition of the rows that follow `position`, newest first."""
    return or_(created_at < position.created_at, and_(created_at == position.created_at, id_ < position.id))


class CursorCodec:
    """Turns positions into opaque cursors and back; a cursor is valid in one workspace and one list."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encode(self, position: Position | None, *, workspace_id: str, of: str) -> str | None:
        """Return the cursor for `position` in the list named `of`; None for none."""
        if position is None:
            return None
        content = json.dumps([position.created_at.isoformat(), position.id]).encode()
        return base64.urlsafe_b64encode(self._mac(content, workspace_id, of) + content).decode().rstrip("=")

    def decode(self, cursor: str | None, *, workspace_id: str, of: str) -> Position | None:
        """Return the position that a cursor of this workspace and list stands for; None for none.

        Raises:
            CursorInvalid: it is not such a cursor.
        """
        if cursor is None:
            return None
        try:
            raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        except (binascii.Error, ValueError):
            raise _invalid() from None
        mac, content = raw[:_MAC_BYTES], raw[_MAC_BYTES:]
        if not hmac.compare_digest(mac, self._mac(content, workspace_id, of)):
            raise _invalid()
        created_at, row_id = json.loads(content)
        return Position(created_at=datetime.fromisoformat(created_at), id=row_id)

    def _mac(self, content: bytes, workspace_id: str, of: str) -> bytes:
        bound = json.dumps([workspace_id, of]).encode() + b"\x00" + content
        return hmac.digest(self._key, bound, "sha256")[:_MAC_BYTES]


def _invalid() -> CursorInvalid:
    return CursorInvalid("the cursor is not valid here; leave it out to start at the first page")
