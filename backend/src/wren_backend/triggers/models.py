"""Table of triggers: the declared sources of events and when each is due."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field

from wren_backend.storage.tables import Table, json_document, stored_enum

_ON_THE_CLOCK = text("next_fire_at IS NOT NULL")


class TriggerStatus(StrEnum):
    """Whether the current version of the deployment declares the trigger."""

    ACTIVE = "active"
    REMOVED = "removed"
    """No longer declared; kept with its ledger, and revived under the same id when declared again."""


class Trigger(Table, table=True):
    """A declared source of events. Its identity (type, function, config) is the same across versions."""

    __tablename__ = "triggers"
    __table_args__ = (
        UniqueConstraint("deployment_id", "identity"),
        Index("ix_triggers_due", "next_fire_at", sqlite_where=_ON_THE_CLOCK, postgresql_where=_ON_THE_CLOCK),
    )

    id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE")
    deployment_id: str = Field(foreign_key="deployments.id", ondelete="CASCADE")
    identity: str
    type: str
    func: str
    config: dict[str, Any] = Field(default_factory=dict, sa_type=json_document())
    status: TriggerStatus = Field(default=TriggerStatus.ACTIVE, sa_type=stored_enum(TriggerStatus))
    next_fire_at: datetime | None = None
    """When it is due next; None for what must not fire: a trigger without a clock, a removed or broken one, and one of
    a deployment that is paused or gone."""
    last_fire_at: datetime | None = None
    missed: int = 0
    """Fire times that passed without a run, by the misfire policy."""
    error: dict[str, Any] | None = Field(default=None, sa_type=json_document())
    """Why it stopped, if it did: a schedule never stops silently."""
    created_at: datetime
    updated_at: datetime
