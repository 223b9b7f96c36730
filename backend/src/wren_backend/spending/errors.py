"""What can be wrong with spending."""

from wren_core.errors import UserFacingConfigError


class BudgetExceeded(UserFacingConfigError):
    """The workspace has spent its budget of the month; a person must raise it, or wait."""

    code = "BUDGET_EXCEEDED"
