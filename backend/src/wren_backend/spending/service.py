"""Use cases of spending: read it, limit it, and refuse calls of models beyond the limit."""

from collections.abc import Sequence
from dataclasses import dataclass

from wren_backend.clock import Clock
from wren_backend.connections.addresses import Addresses
from wren_backend.runs import cost_repository as run_costs
from wren_backend.runs.money import in_usd, month_of
from wren_backend.spending import repository as spending
from wren_backend.spending.errors import BudgetExceeded
from wren_backend.spending.repository import DeploymentSum
from wren_backend.storage.database import Database
from wren_backend.tenancy.auth import Subject


@dataclass(frozen=True, kw_only=True)
class MonthOverview:
    """What a workspace spent in a month, in nanodollars."""

    month: str
    spent: int
    budget: int | None
    deployments: Sequence[DeploymentSum]


@dataclass(frozen=True, kw_only=True)
class SpendingService:
    """What a subject may do with the spending of its workspace."""

    database: Database
    clock: Clock
    addresses: Addresses

    def overview(self, subject: Subject, month: str | None = None) -> MonthOverview:
        """Return a month of the workspace, the current one where none is named."""
        chosen = month or month_of(self.clock.now())
        with self.database.reading() as session:
            return MonthOverview(
                month=chosen,
                spent=run_costs.sum_of_month(session, subject.workspace_id, chosen),
                budget=spending.find_budget(session, subject.workspace_id),
                deployments=spending.list_deployments(session, subject.workspace_id, chosen),
            )

    def set_budget(self, subject: Subject, nano_usd: int | None) -> MonthOverview:
        """Set what the workspace may spend in a month, in nanodollars; None removes the limit."""
        with self.database.writing() as session:
            spending.set_budget(session, subject.workspace_id, nano_usd, now=self.clock.now())
        return self.overview(subject)

    def check(self, workspace_id: str) -> None:
        """Return where the workspace may spend more.

        A call is recorded before its method returns, and only recorded calls count: when several calls are made at
        once, the month can exceed the budget by what those cost, and by nothing more.

        Raises:
            BudgetExceeded: the budget of this month is spent.
        """
        month = month_of(self.clock.now())
        with self.database.reading() as session:
            budget = spending.find_budget(session, workspace_id)
            spent = 0 if budget is None else run_costs.sum_of_month(session, workspace_id, month)
        if budget is None or spent < budget:
            return
        raise BudgetExceeded(
            f"the workspace has spent ${in_usd(spent):.4f} of its budget of ${in_usd(budget):.4f} for models in "
            f"{month} (UTC); raise it with `wren spending budget AMOUNT`, or wait for the next month",
            action_url=self.addresses.api_page("spending", "set_spending_budget"),
            details={"month": month, "spent_usd": in_usd(spent), "budget_usd": in_usd(budget)},
        )
