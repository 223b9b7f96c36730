"""Tables of what models cost: each call, the sums of each month, and the budget of a workspace.

Money is whole nanodollars (10^-9 US dollars), so that sums are exact on every database.
"""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from wren_backend.storage.tables import Table


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


class AIBudget(Table, table=True):
    """What a workspace may spend in a month; none where there is no row."""

    __tablename__ = "ai_budgets"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.id", ondelete="CASCADE")
    nano_usd: int = Field(sa_type=BigInteger)
    updated_at: datetime
