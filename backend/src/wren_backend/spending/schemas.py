"""Wire shapes of spending. Amounts are US dollars."""

from typing import Annotated

from pydantic import ConfigDict, Field

from wren_backend.http.wire import RequestBody, ResponseBody
from wren_backend.runs.money import in_usd
from wren_backend.spending.repository import DeploymentSum
from wren_backend.spending.service import MonthOverview

# A billion dollars: far more than a workspace spends, and its nanodollars fit the integers of every database.
_LARGEST = 10**9


class DeploymentSpendingRead(ResponseBody):
    """What the models called by one deployment cost in the month."""

    deployment_id: str
    name: str
    cost_usd: float
    calls: int
    input_tokens: int
    output_tokens: int
    images: int

    @classmethod
    def of(cls, row: DeploymentSum) -> "DeploymentSpendingRead":
        """Shape a sum."""
        values = {name: value for name, value in vars(row).items() if name != "nano_usd"}
        return cls(**values, cost_usd=in_usd(row.nano_usd))


class SpendingRead(ResponseBody):
    """What the workspace spent on models in a calendar month, in UTC."""

    month: str = Field(examples=["2026-03"])
    cost_usd: float
    budget_usd: float | None = Field(description="Null where nothing limits it")
    left_usd: float | None = Field(description="Of the budget; zero when it is spent")
    deployments: list[DeploymentSpendingRead] = Field(description="The most expensive first")

    @classmethod
    def of(cls, found: MonthOverview) -> "SpendingRead":
        """Shape a month."""
        left = None if found.budget is None else max(0, found.budget - found.spent)
        return cls(
            month=found.month,
            cost_usd=in_usd(found.spent),
            budget_usd=None if found.budget is None else in_usd(found.budget),
            left_usd=None if left is None else in_usd(left),
            deployments=[DeploymentSpendingRead.of(row) for row in found.deployments],
        )


class BudgetBody(RequestBody):
    """What the workspace may spend on models in a calendar month."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"monthly_usd": 25.0}]})

    monthly_usd: Annotated[
        float | None, Field(ge=0, le=_LARGEST, allow_inf_nan=False, description="Null removes the limit")
    ]
