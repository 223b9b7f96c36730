"""Spending over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request

from wren_backend.http.auth import CurrentSubject
from wren_backend.http.wire import ANSWERS_OF_API, ANSWERS_TO_BODY
from wren_backend.runs.money import in_nanos
from wren_backend.spending.schemas import BudgetBody, SpendingRead
from wren_backend.spending.service import SpendingService

router = APIRouter(prefix="/v1/spending", tags=["spending"], responses=ANSWERS_OF_API)


async def spending_service(request: Request) -> SpendingService:
    """Return the service of this app."""
    service: SpendingService = request.app.state.services.spending
    return service


Spending = Annotated[SpendingService, Depends(spending_service)]
Month = Annotated[
    str | None,
    Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$", description="In UTC; the current one if left out", examples=["2026-03"]),
]


@router.get("", operation_id="get_spending", summary="Show what models cost in a month, by deployment")
def get_spending(subject: CurrentSubject, service: Spending, month: Month = None) -> SpendingRead:
    """Return the month's total, the budget and what is left of it, and the cost of each deployment."""
    return SpendingRead.of(service.overview(subject, month))


@router.put(
    "/budget",
    operation_id="set_spending_budget",
    summary="Limit what the workspace spends on models in a month",
    responses=ANSWERS_TO_BODY,
)
def set_budget(body: BudgetBody, subject: CurrentSubject, service: Spending) -> SpendingRead:
    """Set the budget of every calendar month from this one on; once it is spent, calls of models are refused."""
    budget = None if body.monthly_usd is None else in_nanos(body.monthly_usd)
    return SpendingRead.of(service.set_budget(subject, budget))
