"""Table of budgets. Money is whole nanodollars (10^-9 US dollars), so that sums are exact on every database."""

from datetime import datetime

from sqlalchemy import BigInteger
from sqlmodel import Field

from wren_backend.storage.tables import Table


class AIBudget(Table, table=True):
    """What a workspace may spend in a month; none where there is no row."""

    __tablename__ = "ai_budgets"

    workspace_id: str = Field(primary_key=True, foreign_key="workspaces.id", ondelete="CASCADE")
    nano_usd: int = Field(sa_type=BigInteger)
    updated_at: datetime
