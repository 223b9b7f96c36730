"""Leases: which worker performs a run, and until when it counts as alive without a heartbeat.

A claim gives the run a lease token. The holder of the token may report; when the lease expires the run becomes
`lost`, the token is void, and a late worker is refused. A lost run is never restarted automatically, because how far
its script got is unknown.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import ColumnElement, case, func, text, update
from sqlalchemy.sql.dml import ReturningUpdate
from sqlmodel import col, select

from wren_backend.ids import new_token
from wren_backend.runs.models import Run, RunStatus
from wren_backend.storage.database import WriteSession
from wren_backend.storage.storable import storable_json

# Written out, not bound: a partial index is used only where the statement itself shows its condition.
_IS_QUEUED = text("runs.status = 'queued'")
_IS_RUNNING = text("runs.status = 'running'")
# A run that was handed back unstarted this often is given up: no worker can start it.
HAND_BACK_PAUSE = timedelta(seconds=2)


@dataclass(frozen=True, kw_only=True)
class Heartbeat:
    """The answer to a heartbeat."""

    is_cancel_requested: bool


@dataclass(frozen=True, kw_only=True)
class RunOutcome:
    """How a run ended; `result` and `error` are JSON values with every secret masked."""

    status: RunStatus
    result: Any = None
    error: dict[str, Any] | None = None
    is_log_truncated: bool = False

    def __post_init__(self) -> None:
        if not self.status.is_final:
            raise ValueError(f"a run does not end as {self.status}")


def claim_next(
    session: WriteSession,
    worker: str,
    *,
    lease: timedelta,
    now: datetime,
    most: int | None = None,
    last_claims: Mapping[str, int] = MappingProxyType({}),
) -> Run | None:
    """Give an available run to `worker`, with a new lease token; None where there is none for it.

    Workspaces take turns; within one, the oldest run is first.

    Args:
        session: the transaction.
        worker: its name.
        lease: how long the worker holds the run without a heartbeat.
        now: the present instant.
        most: how many runs of one workspace this worker performs at once.
        last_claims: a number for each workspace of which the worker had a run; the higher, the later.
    """
    for workspace_id in order_workspaces(_list_waiting(session, worker, now), most=most, last_claims=last_claims):
        run = _claim_oldest(session, workspace_id, worker, lease=lease, now=now)
        if run is not None:
            return run
    return None


@dataclass(frozen=True, kw_only=True)
class WaitingWorkspace:
    """A workspace with queued runs that are available."""

    workspace_id: str
    oldest: datetime
    """Since when the first of them is available."""
    running: int = 0
    """Its runs that any worker performs."""
    own: int = 0
    """Of them, those of the worker that asks."""


def order_workspaces(
    waiting: Iterable[WaitingWorkspace], *, most: int | None, last_claims: Mapping[str, int]
) -> list[str]:
    """Return the workspaces a worker may serve, the one that has had the least first."""
    served = [item for item in waiting if most is None or item.own < most]
    served.sort(key=lambda item: (item.running, last_claims.get(item.workspace_id, 0), item.oldest))
    return [item.workspace_id for item in served]


def _list_waiting(session: WriteSession, worker: str, now: datetime) -> list[WaitingWorkspace]:
    own = func.sum(case((col(Run.worker) == worker, 1), else_=0))
    running = select(Run.workspace_id, func.count(), own).where(_IS_RUNNING).group_by(Run.workspace_id)
    counts = {workspace_id: (count, of_worker) for workspace_id, count, of_worker in session.exec(running)}
    oldest = func.min(Run.available_at)
    queued = select(Run.workspace_id, oldest).where(_IS_QUEUED, Run.available_at <= now).group_by(Run.workspace_id)
    found = []
    for workspace_id, since in session.exec(queued):
        count, of_worker = counts.get(workspace_id, (0, 0))
        found.append(WaitingWorkspace(workspace_id=workspace_id, oldest=since, running=count, own=of_worker))
    return found


def _claim_oldest(
    session: WriteSession, workspace_id: str, worker: str, *, lease: timedelta, now: datetime
) -> Run | None:
    """Claim in one statement on both databases: PostgreSQL skips rows a rival is claiming, SQLite has no rivals."""
    next_id = (
        select(Run.id)
        .where(_IS_QUEUED, Run.workspace_id == workspace_id, Run.available_at <= now)
        .order_by(col(Run.available_at), col(Run.created_at), col(Run.id))
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    statement = (
        update(Run)
        .where(col(Run.id) == next_id, col(Run.status) == RunStatus.QUEUED)
        .values(
            status=RunStatus.RUNNING,
            worker=worker,
            attempt=Run.attempt + 1,
            lease_token=new_token(),
            lease_expires_at=now + lease,
            started_at=now,
        )
    )
    return _only(session, statement.returning(Run))


def record_isolation(session: WriteSession, run_id: str, lease_token: str, *, isolation: str) -> bool:
    """Record which sandbox performs the run; False where the lease is lost."""
    statement = update(Run).where(*_lease_is(run_id, lease_token)).values(isolation=isolation)
    return _only(session, statement.returning(Run)) is not None


def heartbeat(
    session: WriteSession, run_id: str, lease_token: str, *, lease: timedelta, now: datetime
) -> Heartbeat | None:
    """Extend the lease; None where it is lost, and the script must be stopped without a report."""
    statement = update(Run).where(*_lease_is(run_id, lease_token)).values(lease_expires_at=now + lease)
    run = _only(session, statement.returning(Run))
    return None if run is None else Heartbeat(is_cancel_requested=run.cancel_requested_at is not None)


def finish(session: WriteSession, run_id: str, lease_token: str, outcome: RunOutcome, *, now: datetime) -> Run | None:
    """Record how the run ended; None, and nothing recorded, where the lease is lost."""
    values = {
        "status": outcome.status,
        "result": storable_json(outcome.result),
        "error": storable_json(outcome.error),
        "log_truncated": outcome.is_log_truncated,
        "completed_at": now,
        **_NO_LEASE,
    }
    return _only(session, update(Run).where(*_lease_is(run_id, lease_token)).values(values).returning(Run))


def hand_back(session: WriteSession, run_id: str, lease_token: str, *, now: datetime) -> Run | None:
    """Queue a claimed run again whose script was not started; None where the lease is lost.

    However often this happens, the run is not given up: nothing of it has run. It waits for `HAND_BACK_PAUSE`, since
    what the machine lacked, such as the database or descriptors, is missing for a moment.
    """
    again = {
        "status": RunStatus.QUEUED,
        "worker": None,
        "started_at": None,
        "attempt": Run.attempt - 1,
        "available_at": now + HAND_BACK_PAUSE,
        **_NO_LEASE,
    }
    return _only(session, update(Run).where(*_lease_is(run_id, lease_token)).values(again).returning(Run))


def recover_expired(session: WriteSession, *, now: datetime) -> list[Run]:
    """Mark the runs with an expired lease as lost, and return them."""
    expired = (col(Run.status) == RunStatus.RUNNING, col(Run.lease_expires_at) < now)
    loss = _describe_loss(now, "its worker went away")
    return session.returning(update(Run).where(*expired).values(loss).returning(Run))


_NO_LEASE: dict[str, Any] = {"lease_token": None, "lease_expires_at": None}


def _lease_is(run_id: str, lease_token: str) -> tuple[ColumnElement[bool], ...]:
    return (col(Run.id) == run_id, col(Run.lease_token) == lease_token, col(Run.status) == RunStatus.RUNNING)


def _describe_loss(now: datetime, reason: str) -> dict[str, Any]:
    message = f"{reason}; the script may have run in part, so it was not started again"
    error = {"type": "InternalError", "code": "RUN_LOST", "message": message}
    return {"status": RunStatus.LOST, "error": error, "completed_at": now, **_NO_LEASE}


def _only(session: WriteSession, statement: ReturningUpdate[Run]) -> Run | None:
    rows = session.returning(statement)
    return rows[0] if rows else None
