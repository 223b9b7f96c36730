"""Tables of runs: each recorded execution, its log, the method calls it made, and what models cost.

Money is whole nanodollars (10^-9 US dollars), so that sums are exact on every database.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, Index, Text, UniqueConstraint, text
from sqlmodel import Field

from wren_backend.storage.tables import Table, json_document, stored_enum

_QUEUED = text("status = 'queued'")
_RUNNING = text("status = 'running'")


class RunStatus(StrEnum):
    """The status of a run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCESS = "success"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"
    LOST = "lost"
    """Its worker disappeared; whether the script finished is unknown, so it is not restarted."""

    @property
    def is_final(self) -> bool:
        """Tell whether the run has ended."""
        return self not in {RunStatus.QUEUED, RunStatus.RUNNING}


class Run(Table, table=True):
    """One execution of one function of one deployment version.

    `event_source` is the trigger's id, or the deployment's where a person started the run; with `event_key` it makes
    one event one run. `lease_token` names the one claim that may still report: it changes with each claim.
    """

    __tablename__ = "runs"
    __table_args__ = (
        UniqueConstraint("event_source", "event_key"),
        Index("ix_runs_newest", "workspace_id", "created_at", "id"),
        Index("ix_runs_of_deployment", "deployment_id", "created_at", "id"),
        Index("ix_runs_started", "deployment_id", "started_at"),
        Index(
            "ix_runs_queue",
            "workspace_id",
            "available_at",
            "created_at",
            sqlite_where=_QUEUED,
            postgresql_where=_QUEUED,
        ),
        Index("ix_runs_completed", "completed_at", "id"),
        Index("ix_runs_leases", "lease_expires_at", sqlite_where=_RUNNING, postgresql_where=_RUNNING),
    )

    id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE")
    deployment_id: str = Field(foreign_key="deployments.id", ondelete="CASCADE")
    version: int
    user_id: str = Field(foreign_key="users.id", ondelete="CASCADE")
    """Whose connections the run uses: the deployer's."""
    trigger_id: str | None = Field(default=None, foreign_key="triggers.id", ondelete="CASCADE", index=True)
    trigger_type: str
    func: str
    event: dict[str, Any] = Field(default_factory=dict, sa_type=json_document())
    event_source: str
    event_key: str
    correlation_id: str
    status: RunStatus = Field(default=RunStatus.QUEUED, sa_type=stored_enum(RunStatus))
    attempt: int = 0
    worker: str | None = None
    lease_token: str | None = Field(default=None, repr=False)
    lease_expires_at: datetime | None = None
    cancel_requested_at: datetime | None = None
    isolation: str | None = None
    """The sandbox that performed it, as recorded when it started."""
    result: Any = Field(default=None, sa_type=json_document(), nullable=True)
    error: dict[str, Any] | None = Field(default=None, sa_type=json_document())
    log_lines: int = 0
    log_truncated: bool = False
    calls: int = 0
    scheduled_for: datetime | None = None
    available_at: datetime
    """Not claimed before this moment."""
    created_at: datetime
    started_at: datetime | None = None
    completed_at: datetime | None = None

    @property
    def duration(self) -> timedelta | None:
        """Return how long it ran, or None while that is unknown."""
        if self.started_at is None or self.completed_at is None:
            return None
        return self.completed_at - self.started_at


class RunLog(Table, table=True):
    """One line a run wrote, secrets already masked."""

    __tablename__ = "run_logs"

    run_id: str = Field(primary_key=True, foreign_key="runs.id", ondelete="CASCADE")
    seq: int = Field(primary_key=True)
    stream: str
    """stdout, stderr, or system for a message of the platform."""
    text: str = Field(sa_type=Text)
    at: datetime


class RunCall(Table, table=True):
    """One method call a run made."""

    __tablename__ = "run_calls"

    run_id: str = Field(primary_key=True, foreign_key="runs.id", ondelete="CASCADE")
    seq: int = Field(primary_key=True)
    integration: str
    account: str | None = None
    """Alias of the connection it used, where that is known."""
    method: str
    ms: float
    outcome: str
    """`ok`, or the code of the error."""
    at: datetime


class AICall(Table, table=True):
    """One call of a model that a run made."""

    __tablename__ = "ai_calls"
    __table_args__ = (Index("ix_ai_calls_of_run", "run_id", "at", "id"),)

    id: str = Field(primary_key=True)
    workspace_id: str = Field(foreign_key="workspaces.id", ondelete="CASCADE", index=True)
    run_id: str = Field(foreign_key="runs.id", ondelete="CASCADE")
    integration: str
    model: str
    input_tokens: int = Field(sa_type=BigInteger)
    cached_input_tokens: int = Field(sa_type=BigInteger)
    output_tokens: int = Field(sa_type=BigInteger)
    images: int
    nano_usd: int = Field(sa_type=BigInteger)
    is_estimated: bool
    outcome: str
    """`ok`, or the code of the error."""
    at: datetime


class AIMonth(Table, table=True):
    """What the calls of one deployment cost in one calendar month, in UTC; it outlives the runs."""

    __tablename__ = "ai_months"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.id", ondelete="CASCADE")
    month: str = Field(primary_key=True)
    """Such as 2026-03."""
    deployment_id: str = Field(primary_key=True, foreign_key="deployments.id", ondelete="CASCADE", index=True)
    calls: int = 0
    input_tokens: int = Field(default=0, sa_type=BigInteger)
    output_tokens: int = Field(default=0, sa_type=BigInteger)
    images: int = 0
    nano_usd: int = Field(default=0, sa_type=BigInteger)
