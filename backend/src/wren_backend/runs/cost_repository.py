"""What models cost: recorded call by call, summed by run, deployment and month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, update
from sqlmodel import col, select

from wren_backend.runs.models import AICall, AIMonth, Run
from wren_backend.runs.money import month_of
from wren_backend.storage.database import ReadSession, WriteSession


@dataclass(frozen=True, kw_only=True)
class NewCall:
    """A call of a model, as the script reported it."""

    id: str
    """Made once, so that a call that is stored a second time counts once."""
    integration: str
    model: str
    outcome: str
    input_tokens: int
    cached_input_tokens: int
    output_tokens: int
    images: int
    nano_usd: int
    is_estimated: bool
    at: datetime


@dataclass(frozen=True, kw_only=True)
class RunCost:
    """What the models called by a run cost."""

    nano_usd: int
    """All of them."""
    calls: Sequence[AICall]
    """The first of them, oldest first."""


def record_calls(session: WriteSession, run: Run, calls: Sequence[NewCall]) -> None:
    """Record calls of a run, and add them to the sums of their month.

    The money is spent even where the worker has lost its lease, so no lease is checked.
    """
    for call in calls:
        row = AICall(workspace_id=run.workspace_id, run_id=run.id, **vars(call))
        if session.insert_new(row) is not None:
            _add_to_month(session, run, call)


def cost_of_run(session: ReadSession, workspace_id: str, run_id: str, *, limit: int) -> RunCost:
    """Return what a run of that workspace spent, and its first calls of models."""
    of_run = (AICall.workspace_id == workspace_id, AICall.run_id == run_id)
    total = session.exec(select(func.coalesce(func.sum(AICall.nano_usd), 0)).where(*of_run)).one()
    calls = session.exec(select(AICall).where(*of_run).order_by(col(AICall.at), col(AICall.id)).limit(limit))
    return RunCost(nano_usd=int(total), calls=list(calls))


def sum_of_month(session: ReadSession, workspace_id: str, month: str) -> int:
    """Return what a workspace spent in a month, in nanodollars."""
    statement = select(func.coalesce(func.sum(AIMonth.nano_usd), 0))
    found = session.exec(statement.where(AIMonth.workspace_id == workspace_id, AIMonth.month == month)).one()
    return int(found)


def sum_of_deployment(session: ReadSession, workspace_id: str, deployment_id: str, *, month: str | None = None) -> int:
    """Return what a deployment spent, in nanodollars: in a month, or ever."""
    statement = select(func.coalesce(func.sum(AIMonth.nano_usd), 0)).where(
        AIMonth.workspace_id == workspace_id, AIMonth.deployment_id == deployment_id
    )
    if month is not None:
        statement = statement.where(AIMonth.month == month)
    return int(session.exec(statement).one())


def _add_to_month(session: WriteSession, run: Run, call: NewCall) -> None:
    month = month_of(call.at)
    session.insert_new(AIMonth(workspace_id=run.workspace_id, deployment_id=run.deployment_id, month=month))
    added = {
        "calls": AIMonth.calls + 1,
        "input_tokens": AIMonth.input_tokens + call.input_tokens,
        "output_tokens": AIMonth.output_tokens + call.output_tokens,
        "images": AIMonth.images + call.images,
        "nano_usd": AIMonth.nano_usd + call.nano_usd,
    }
    of_month = (col(AIMonth.workspace_id) == run.workspace_id, col(AIMonth.deployment_id) == run.deployment_id)
    session.exec(update(AIMonth).where(*of_month, col(AIMonth.month) == month).values(added))
