"""Statements of what each deployment spent in a month, and budgets."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from wren_backend.deployments.models import Deployment
from wren_backend.runs.models import AIMonth
from wren_backend.spending.models import AIBudget
from wren_backend.storage.database import ReadSession, WriteSession


@dataclass(frozen=True, kw_only=True)
class DeploymentSum:
    """What the models called by one deployment cost in a month."""

    deployment_id: str
    name: str
    calls: int
    input_tokens: int
    output_tokens: int
    images: int
    nano_usd: int


def list_deployments(session: ReadSession, workspace_id: str, month: str) -> list[DeploymentSum]:
    """List what each deployment spent in a month, the most expensive first, undeployed ones included."""
    statement = (
        select(AIMonth, Deployment.name)
        .join(Deployment, col(Deployment.id) == col(AIMonth.deployment_id))
        .where(AIMonth.workspace_id == workspace_id, AIMonth.month == month)
        .order_by(col(AIMonth.nano_usd).desc(), col(AIMonth.deployment_id))
    )
    return [
        DeploymentSum(
            deployment_id=row.deployment_id,
            name=name,
            calls=row.calls,
            input_tokens=row.input_tokens,
            output_tokens=row.output_tokens,
            images=row.images,
            nano_usd=row.nano_usd,
        )
        for row, name in session.exec(statement)
    ]


def find_budget(session: ReadSession, workspace_id: str) -> int | None:
    """Return the budget of a month in nanodollars, or None where there is none."""
    return session.exec(select(AIBudget.nano_usd).where(AIBudget.workspace_id == workspace_id)).one_or_none()


def set_budget(session: WriteSession, workspace_id: str, nano_usd: int | None, *, now: datetime) -> None:
    """Set the budget of every month from this one on; None removes it."""
    session.lock(f"budget of {workspace_id}")
    row = session.get(AIBudget, workspace_id)
    if row is not None:
        session.delete(row)
        session.flush()
    if nano_usd is not None:
        session.add(AIBudget(workspace_id=workspace_id, nano_usd=nano_usd, updated_at=now))
