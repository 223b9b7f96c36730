"""Triggers: declared by a version of a deployment, due at a time, moved on when they fire."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from wren_backend.ids import new_id
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.triggers.declaration import TriggerDeclaration
from wren_backend.triggers.kind import FirePlan
from wren_backend.triggers.models import Trigger, TriggerStatus


def sync(
    session: WriteSession,
    workspace_id: str,
    deployment_id: str,
    declarations: Sequence[TriggerDeclaration],
    *,
    now: datetime,
) -> list[Trigger]:
    """Make the declared triggers the active ones of a deployment, and return them.

    A trigger declared before, with the same identity, keeps its id, its counters and its next fire time. One that is
    no longer declared keeps its row and does not fire.
    """
    rows = {row.identity: row for row in list_triggers(session, workspace_id, deployment_id, status=None)}
    declared = {item.identity: item for item in declarations}
    for identity, item in declared.items():
        row = rows.get(identity) or _new_trigger(workspace_id, deployment_id, item, now)
        rows[identity] = _activate(row, item, now)
        session.add(row)
    for identity, row in rows.items():
        if identity not in declared:
            row.status, row.next_fire_at, row.updated_at = TriggerStatus.REMOVED, None, now
    session.flush()
    return [rows[identity] for identity in declared]


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
    """List the due triggers of all workspaces, longest due first.

    Those that must not fire (removed, or of a deployment that is paused or gone) have no next fire time.
    """
    statement = select(Trigger).where(col(Trigger.next_fire_at) <= now)
    return list(session.exec(statement.order_by(col(Trigger.next_fire_at), col(Trigger.id)).limit(limit)))


def advance(session: WriteSession, trigger: Trigger, plan: FirePlan, *, now: datetime) -> bool:
    """Move a due trigger to its next fire time; False where it is not due any more.

    `trigger` is the row as `due` returned it: its `next_fire_at` is compared, so that of two schedulers one fires.
    """
    last = max((item.scheduled_for or now for item in plan.fires), default=trigger.last_fire_at)
    values = {
        "next_fire_at": plan.next_fire_at,
        "last_fire_at": last,
        "missed": Trigger.missed + plan.missed,
        "updated_at": now,
    }
    return _compare_and_update(session, trigger, values)


def stop(session: WriteSession, trigger: Trigger, *, error: Mapping[str, Any], now: datetime) -> bool:
    """Stop a trigger whose next fire time cannot be computed, and record the reason for people to read."""
    return _compare_and_update(session, trigger, {"next_fire_at": None, "error": dict(error), "updated_at": now})


def silence(session: WriteSession, workspace_id: str, deployment_id: str, *, now: datetime) -> None:
    """Stop every trigger of a deployment from firing."""
    statement = update(Trigger).where(
        col(Trigger.workspace_id) == workspace_id, col(Trigger.deployment_id) == deployment_id
    )
    session.returning(statement.values(next_fire_at=None, updated_at=now).returning(Trigger))


def reschedule(session: WriteSession, workspace_id: str, deployment_id: str, *, now: datetime) -> list[Trigger]:
    """Let the active triggers of a deployment fire again, from now on; fire times that passed get no run."""
    rows = list_triggers(session, workspace_id, deployment_id)
    for row in rows:
        row.next_fire_at, row.error, row.updated_at = _read_declaration(row).first_due(now), None, now
    session.flush()
    return rows


def _compare_and_update(session: WriteSession, trigger: Trigger, values: Mapping[str, Any]) -> bool:
    """Change a trigger that still has the fire time it was read with; False where a rival was faster."""
    unchanged = (col(Trigger.id) == trigger.id, col(Trigger.next_fire_at) == trigger.next_fire_at)
    return bool(session.returning(update(Trigger).where(*unchanged).values(values).returning(Trigger)))


def _new_trigger(workspace_id: str, deployment_id: str, item: TriggerDeclaration, now: datetime) -> Trigger:
    return Trigger(
        id=new_id("trg"),
        workspace_id=workspace_id,
        deployment_id=deployment_id,
        identity=item.identity,
        type=item.type,
        func=item.func,
        config=item.config,
        created_at=now,
        updated_at=now,
    )


def _activate(row: Trigger, item: TriggerDeclaration, now: datetime) -> Trigger:
    row.status, row.error, row.updated_at = TriggerStatus.ACTIVE, None, now
    row.next_fire_at = row.next_fire_at or item.first_due(now)
    return row


def _read_declaration(row: Trigger) -> TriggerDeclaration:
    return TriggerDeclaration(type=row.type, func=row.func, config=row.config)
