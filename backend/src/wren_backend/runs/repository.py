"""Runs: queue one for an event, once; find and list them; ask one to stop."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, text, update
from sqlmodel import col, select

from wren_backend.ids import new_id
from wren_backend.runs.models import Run, RunStatus
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.storage.pagination import Page, Position, older_than, page_of
from wren_backend.storage.storable import storable_json


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """One event that gets one run.

    `event_key` tells the event from all others of its source (the trigger, or the deployment where a person started
    the run): a fire time, a message id, an idempotency key, or a random text where each request is a new event.
    """

    workspace_id: str
    deployment_id: str
    version: int
    """Of the deployment, at this moment."""
    user_id: str
    """Whose connections the run uses: those of the user who deployed the version."""
    func: str
    trigger_type: str
    event: Mapping[str, Any]
    event_key: str
    trigger_id: str | None = None
    correlation_id: str = field(default_factory=lambda: new_id("corr"))
    scheduled_for: datetime | None = None
    available_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Enqueued:
    """The run of an event, and whether this call made it."""

    run: Run
    is_new: bool


@dataclass(frozen=True, kw_only=True)
class QueueStatistics:
    """How many runs wait and run, in all workspaces."""

    queued: int
    running: int
    oldest_queued_at: datetime | None


def enqueue(session: WriteSession, request: RunRequest, *, now: datetime) -> Enqueued:
    """Record the run of an event, once. Lock the deployment first, so that it is not undeployed in between."""
    run = _new_run(request, now)
    stored = session.insert_new(run)
    if stored is not None:
        return Enqueued(run=stored, is_new=True)
    same = (Run.event_source == run.event_source, Run.event_key == run.event_key)
    return Enqueued(run=session.exec(select(Run).where(*same)).one(), is_new=False)


def find_run(session: ReadSession, workspace_id: str, run_id: str) -> Run | None:
    """Find a run of that workspace."""
    statement = select(Run).where(Run.workspace_id == workspace_id, Run.id == run_id)
    return session.exec(statement.execution_options(populate_existing=True)).one_or_none()


def find_states(session: ReadSession, run_ids: Collection[str]) -> dict[str, tuple[RunStatus, int]]:
    """Return status and number of log lines of each of these runs that exists, of any workspace: one statement."""
    statement = select(Run.id, Run.status, Run.log_lines).where(col(Run.id).in_(run_ids))
    return {run_id: (RunStatus(status), lines) for run_id, status, lines in session.exec(statement)}


def list_runs(
    session: ReadSession,
    workspace_id: str,
    *,
    user_id: str | None = None,
    deployment_id: str | None = None,
    status: RunStatus | None = None,
    limit: int,
    after: Position | None = None,
) -> Page[Run]:
    """List runs of a workspace (of one user, deployment, status), newest first, after the position `after`."""
    statement = select(Run).where(Run.workspace_id == workspace_id)
    if user_id is not None:
        statement = statement.where(Run.user_id == user_id)
    if deployment_id is not None:
        statement = statement.where(Run.deployment_id == deployment_id)
    if status is not None:
        statement = statement.where(Run.status == status)
    if after is not None:
        statement = statement.where(older_than(after, col(Run.created_at), col(Run.id)))
    newest_first = statement.order_by(col(Run.created_at).desc(), col(Run.id).desc()).limit(limit + 1)
    return page_of(list(session.exec(newest_first)), limit, lambda run: Position(created_at=run.created_at, id=run.id))


def request_cancel(session: WriteSession, workspace_id: str, run_id: str, *, now: datetime) -> Run | None:
    """Ask a run of that workspace to stop, and return it.

    A queued run is cancelled at once; a running one at its worker's next heartbeat; a finished one does not change.
    """
    theirs = (col(Run.workspace_id) == workspace_id, col(Run.id) == run_id)
    queued = update(Run).where(*theirs, col(Run.status) == RunStatus.QUEUED)
    if cancelled := session.returning(queued.values(_cancel_values(now)).returning(Run)):
        return cancelled[0]
    running = update(Run).where(*theirs, col(Run.status) == RunStatus.RUNNING)
    requested_at = func.coalesce(col(Run.cancel_requested_at), now)
    session.returning(running.values(cancel_requested_at=requested_at).returning(Run))
    return find_run(session, workspace_id, run_id)


def cancel_queued(session: WriteSession, workspace_id: str, deployment_id: str, *, now: datetime) -> int:
    """Cancel the queued runs of a deployment and return how many there were."""
    statement = update(Run).where(
        col(Run.workspace_id) == workspace_id,
        col(Run.deployment_id) == deployment_id,
        col(Run.status) == RunStatus.QUEUED,
    )
    return len(session.returning(statement.values(_cancel_values(now)).returning(Run)))


def count_queued(session: ReadSession, workspace_id: str, *, most: int) -> int:
    """Count the queued runs of a workspace, up to `most`."""
    queued = select(Run.id).where(text("runs.status = 'queued'"), Run.workspace_id == workspace_id).limit(most)
    return session.exec(select(func.count()).select_from(queued.subquery())).one()


def queue_statistics(session: ReadSession) -> QueueStatistics:
    """Count what is queued and running, for metrics and readiness."""
    queued = select(func.count(), func.min(Run.available_at)).where(Run.status == RunStatus.QUEUED)
    running = select(func.count()).select_from(Run).where(Run.status == RunStatus.RUNNING)
    count, oldest = session.exec(queued).one()
    return QueueStatistics(queued=count, running=session.exec(running).one(), oldest_queued_at=oldest)


def _new_run(request: RunRequest, now: datetime) -> Run:
    return Run(
        id=new_id("run"),
        workspace_id=request.workspace_id,
        deployment_id=request.deployment_id,
        version=request.version,
        user_id=request.user_id,
        trigger_id=request.trigger_id,
        trigger_type=request.trigger_type,
        func=request.func,
        event=storable_json(dict(request.event)),
        event_source=request.trigger_id or request.deployment_id,
        event_key=request.event_key,
        correlation_id=request.correlation_id,
        scheduled_for=request.scheduled_for,
        available_at=request.available_at or now,
        created_at=now,
    )


def _cancel_values(now: datetime) -> dict[str, Any]:
    return {"status": RunStatus.CANCELLED, "cancel_requested_at": now, "completed_at": now}
