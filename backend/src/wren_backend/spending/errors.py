"""Errors of spending."""

from wren_core.errors import UserFacingConfigError


class BudgetExceeded(UserFacingConfigError):
    """The workspace has spent its budget of the month; a person must raise the budget, or wait."""

    code = "BUDGET_EXCEEDED"
