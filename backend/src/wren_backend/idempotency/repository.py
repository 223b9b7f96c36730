"""Answer a repeated request with the answer to the first one.

Begin and complete in the transaction that does the work: a concurrent request with the same key waits in `begin` until
that transaction ends, and then finds the answer, or nothing where the work failed.

    reply = idempotency.begin(session, request, now=now)
    if reply is None:
        ...  # do the work in the same session
        idempotency.complete(session, request, StoredReply(status_code=201, body=body))
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, tuple_, update
from sqlmodel import col, select

from wren_backend.idempotency.models import IdempotencyKey
from wren_backend.storage.database import ReadSession, WriteSession
from wren_core.errors import AgentFixableError

# Clients retry within minutes; a day also covers one that slept overnight.
KEPT_FOR = timedelta(hours=24)


class IdempotencyConflict(AgentFixableError):
    """The key was used for a different request."""

    code = "IDEMPOTENCY_KEY_REUSED"


@dataclass(frozen=True, kw_only=True)
class KeyedRequest:
    """A request that carries an idempotency key; `request_hash` tells two different requests apart."""

    workspace_id: str
    operation: str
    key: str
    request_hash: str


@dataclass(frozen=True, kw_only=True)
class StoredReply:
    """An answer as it was sent."""

    status_code: int
    body: str


def find_reply(session: ReadSession, request: KeyedRequest, *, now: datetime) -> StoredReply | None:
    """Find the answer to a request, to avoid work whose result would be discarded.

    Raises:
        IdempotencyConflict: the key belongs to a different request.
    """
    row = session.exec(select(IdempotencyKey).where(*_key_is(request))).one_or_none()
    return None if row is None or row.expires_at <= now else _read_reply(row, request)


def begin(session: WriteSession, request: KeyedRequest, *, now: datetime) -> StoredReply | None:
    """Take the key for this transaction and return None, or return the answer the request already has.

    Raises:
        IdempotencyConflict: the key belongs to a different request.
    """
    session.exec(delete(IdempotencyKey).where(*_key_is(request), col(IdempotencyKey.expires_at) <= now))
    row = IdempotencyKey(
        workspace_id=request.workspace_id,
        operation=request.operation,
        key=request.key,
        request_hash=request.request_hash,
        created_at=now,
        expires_at=now + KEPT_FOR,
    )
    if session.insert_new(row) is not None:
        return None
    return _read_reply(session.exec(select(IdempotencyKey).where(*_key_is(request))).one(), request)


def complete(session: WriteSession, request: KeyedRequest, reply: StoredReply) -> None:
    """Store the answer under the key that `begin` took."""
    values = {"status_code": reply.status_code, "body": reply.body}
    session.exec(update(IdempotencyKey).where(*_key_is(request)).values(values))


def purge_expired(session: WriteSession, *, now: datetime, limit: int = 500) -> int:
    """Delete expired keys, `limit` at most, and return how many there were."""
    key = (col(IdempotencyKey.workspace_id), col(IdempotencyKey.operation), col(IdempotencyKey.key))
    expired = select(*key).where(col(IdempotencyKey.expires_at) <= now)
    chosen = session.exec(expired.order_by(col(IdempotencyKey.expires_at)).limit(limit)).all()
    if chosen:
        session.exec(delete(IdempotencyKey).where(tuple_(*key).in_([tuple(row) for row in chosen])))
    return len(chosen)


def _key_is(request: KeyedRequest) -> tuple[ColumnElement[bool], ...]:
    return (
        col(IdempotencyKey.workspace_id) == request.workspace_id,
        col(IdempotencyKey.operation) == request.operation,
        col(IdempotencyKey.key) == request.key,
    )


def _read_reply(row: IdempotencyKey, request: KeyedRequest) -> StoredReply | None:
    if row.request_hash != request.request_hash:
        raise IdempotencyConflict("this Idempotency-Key was used for a different request; use a new key")
    if row.status_code is None or row.body is None:
        return None
    return StoredReply(status_code=row.status_code, body=row.body)
