"""Triggers: declared by a version, due at a time, fired in one transaction with the run that comes of it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from wren_backend.deployments.declaration import TriggerDeclaration
from wren_backend.deployments.models import Deployment
from wren_backend.ids import new_id
from wren_backend.runs.models import Run
from wren_backend.runs.repository import RunRequest, enqueue, lock_deployed
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.triggers.models import Trigger, TriggerStatus


@dataclass(frozen=True, kw_only=True)
class Fire:
    """One fire time that gets a run, and the event its function receives."""

    scheduled_for: datetime
    event: Mapping[str, Any]


def sync(
    session: WriteSession, deployment: Deployment, declarations: Sequence[TriggerDeclaration], *, now: datetime
) -> list[Trigger]:
    """Make the declared triggers the active ones of a deployment, and return them.

    A trigger declared before, with the same type, function and config, keeps its id, its ledger and its next fire
    time. One that is no longer declared is kept, and silent.
    """
    held = {row.identity: row for row in list_triggers(session, deployment.workspace_id, deployment.id, status=None)}
    declared = {trigger_identity(item): item for item in declarations}
    for identity, item in declared.items():
        held[identity] = _revived(held.get(identity) or _new_trigger(deployment, identity, item, now), item, now)
        session.add(held[identity])
    for identity, row in held.items():
        if identity not in declared:
            row.status, row.next_fire_at, row.updated_at = TriggerStatus.REMOVED, None, now
    session.flush()
    return [held[identity] for identity in declared]


def trigger_identity(declaration: TriggerDeclaration) -> str:
    """Return what makes a trigger the same trigger in the next version: its type, function and config."""
    canonical = json.dumps([declaration.type, declaration.func, declaration.config], sort_keys=True)
    return hashlib.sha256(canonical.encode()).hexdigest()


def list_triggers(
    session: ReadSession,
    workspace_id: str,
    deployment_id: str,
    *,
    status: TriggerStatus | None = TriggerStatus.ACTIVE,
) -> list[Trigger]:
    """List the triggers of a deployment of that workspace, oldest first; `status=None` lists the removed ones too."""
    statement = select(Trigger).where(Trigger.workspace_id == workspace_id, Trigger.deployment_id == deployment_id)
    if status is not None:
        statement = statement.where(Trigger.status == status)
    return list(session.exec(statement.order_by(col(Trigger.created_at), col(Trigger.id))))


def due(session: ReadSession, *, now: datetime, limit: int) -> list[Trigger]:
    """List the triggers whose time has come, in all workspaces, longest due first.

    Those that must not fire (removed, or of a deployment that is paused or gone) have no next fire time.
    """
    statement = select(Trigger).where(col(Trigger.next_fire_at) <= now)
    return list(session.exec(statement.order_by(col(Trigger.next_fire_at), col(Trigger.id)).limit(limit)))


def fire(
    session: WriteSession,
    trigger: Trigger,
    *,
    fires: Sequence[Fire],
    next_fire_at: datetime | None,
    missed: int = 0,
    now: datetime,
) -> list[Run] | None:
    """Queue the runs of a due trigger and move it to its next fire time, both or neither.

    Args:
        session: the transaction; commit it before the runs are relied on.
        trigger: as `due` returned it; its `next_fire_at` is compared, so of two schedulers one fires.
        fires: the fire times that get a run; none where the misfire policy skips them.
        next_fire_at: when it is due next.
        missed: how many fire times get no run.
        now: the present instant.

    Returns:
        The runs this call queued, or None where the trigger was not due any more: fired by a rival, changed, paused
        or undeployed.
    """
    # The deployment before its trigger, the order in which undeploying takes them: the other way they could deadlock.
    if lock_deployed(session, trigger.workspace_id, trigger.deployment_id) is None:
        return None
    if not _advance(session, trigger, fires=fires, next_fire_at=next_fire_at, missed=missed, now=now):
        return None
    queued = [enqueue(session, _request(trigger, item), now=now) for item in fires]
    return [entry.run for entry in queued if entry is not None and entry.is_new]


def stop(session: WriteSession, trigger: Trigger, *, error: Mapping[str, Any], now: datetime) -> bool:
    """Take a trigger whose schedule cannot be computed off the clock, with the reason for people to see."""
    unchanged = (col(Trigger.id) == trigger.id, col(Trigger.next_fire_at) == trigger.next_fire_at)
    values = {"next_fire_at": None, "error": dict(error), "updated_at": now}
    return bool(session.returning(update(Trigger).where(*unchanged).values(values).returning(Trigger)))


def silence(session: WriteSession, workspace_id: str, deployment_id: str, *, now: datetime) -> None:
    """Take every trigger of a deployment off the clock."""
    statement = update(Trigger).where(
        col(Trigger.workspace_id) == workspace_id, col(Trigger.deployment_id) == deployment_id
    )
    session.returning(statement.values(next_fire_at=None, updated_at=now).returning(Trigger))


def reschedule(session: WriteSession, workspace_id: str, deployment_id: str, *, now: datetime) -> list[Trigger]:
    """Put the active triggers of a deployment on the clock again, from now on; what passed meanwhile is not made up."""
    rows = list_triggers(session, workspace_id, deployment_id)
    for row in rows:
        row.next_fire_at, row.error, row.updated_at = _declaration(row).next_fire_at(now), None, now
    session.flush()
    return rows


def _advance(
    session: WriteSession,
    trigger: Trigger,
    *,
    fires: Sequence[Fire],
    next_fire_at: datetime | None,
    missed: int,
    now: datetime,
) -> bool:
    still_due = (col(Trigger.id) == trigger.id, col(Trigger.next_fire_at) == trigger.next_fire_at)
    last = max((item.scheduled_for for item in fires), default=trigger.last_fire_at)
    values = {"next_fire_at": next_fire_at, "last_fire_at": last, "missed": Trigger.missed + missed, "updated_at": now}
    return bool(session.returning(update(Trigger).where(*still_due).values(values).returning(Trigger)))


def _request(trigger: Trigger, item: Fire) -> RunRequest:
    return RunRequest(
        workspace_id=trigger.workspace_id,
        deployment_id=trigger.deployment_id,
        trigger_id=trigger.id,
        trigger_type=trigger.type,
        func=trigger.func,
        event=item.event,
        event_key=item.scheduled_for.astimezone(UTC).isoformat(),
        scheduled_for=item.scheduled_for,
    )


def _new_trigger(deployment: Deployment, identity: str, item: TriggerDeclaration, now: datetime) -> Trigger:
    return Trigger(
        id=new_id("trg"),
        workspace_id=deployment.workspace_id,
        deployment_id=deployment.id,
        identity=identity,
        type=item.type,
        func=item.func,
        config=item.config,
        created_at=now,
        updated_at=now,
    )


def _revived(row: Trigger, item: TriggerDeclaration, now: datetime) -> Trigger:
    row.status, row.error, row.updated_at = TriggerStatus.ACTIVE, None, now
    row.next_fire_at = row.next_fire_at or item.next_fire_at(now)
    return row


def _declaration(row: Trigger) -> TriggerDeclaration:
    return TriggerDeclaration(type=row.type, func=row.func, config=row.config)
