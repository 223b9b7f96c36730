"""Old runs and what belongs to them: found and deleted in batches, each short enough to let other writers in."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import and_, delete, exists, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from wren_backend.runs.models import Run, RunCall, RunLog
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.storage.pagination import Position


def list_ended(
    session: ReadSession, *, before: datetime, after: Position | None = None, limit: int
) -> list[tuple[str, datetime]]:
    """List runs that ended before a moment, with the time, the oldest first; only those that follow `after`."""
    ended = col(Run.completed_at)
    statement = select(Run.id, ended).where(ended < before).order_by(ended, col(Run.id)).limit(limit)
    if after is not None:
        at = after.created_at
        statement = statement.where(or_(ended > at, and_(ended == at, col(Run.id) > after.id)))
    return [(run_id, at) for run_id, at in session.exec(statement) if at is not None]


def list_replaced(session: ReadSession, *, before: datetime, limit: int) -> list[str]:
    """List runs that ended before a moment, the oldest first, except the last run of each deployment."""
    newer = aliased(Run)
    has_newer = exists().where(
        col(newer.deployment_id) == col(Run.deployment_id), col(newer.created_at) > col(Run.created_at)
    )
    statement = select(Run.id).where(col(Run.completed_at) < before, has_newer)
    return list(session.exec(statement.order_by(col(Run.completed_at), col(Run.id)).limit(limit)))


def list_excess(session: ReadSession, workspace_id: str, *, most: int, limit: int) -> list[str]:
    """List runs that have ended and are not among the `most` newest of their workspace."""
    newest = select(Run.created_at).where(Run.workspace_id == workspace_id).order_by(col(Run.created_at).desc())
    last_kept = session.exec(newest.offset(most).limit(1)).first()
    if last_kept is None:
        return []
    old = (Run.workspace_id == workspace_id, col(Run.created_at) <= last_kept, col(Run.completed_at).is_not(None))
    return list(session.exec(select(Run.id).where(*old).order_by(col(Run.created_at)).limit(limit)))


def delete_entries(session: WriteSession, run_id: str, *, limit: int) -> int:
    """Delete the first lines and calls of a run, `limit` of each at most; return how many there were."""
    count = 0
    for table in (RunLog, RunCall):
        first = session.exec(select(func.min(table.seq)).where(table.run_id == run_id)).one()
        if first is not None:
            chosen = (col(table.run_id) == run_id, col(table.seq) < first + limit)
            count += session.exec(delete(table).where(*chosen)).rowcount
    return count


def delete_runs(session: WriteSession, run_ids: Collection[str]) -> None:
    """Delete runs with their events, results, errors and costs; the sums of each month stay."""
    session.exec(delete(Run).where(col(Run.id).in_(run_ids)))
