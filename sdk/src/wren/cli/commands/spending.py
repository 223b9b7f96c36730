"""`wren spending` and `wren spending budget`."""

import math

from wren.api.records import ApiSpending
from wren.cli.screen import Screen
from wren.cli.server import open_client
from wren_core.errors import InvalidInput

NO_BUDGET = "none"


def show_spending(month: str | None, *, as_json: bool) -> None:
    """Show a month of spending."""
    with open_client() as client:
        _show_month(client.spending(month), as_json=as_json)


def set_budget(amount: str, *, as_json: bool) -> None:
    """Set the monthly budget, and show the month."""
    monthly_usd = None if amount == NO_BUDGET else _parse_dollars(amount)
    with open_client() as client:
        _show_month(client.set_budget(monthly_usd), as_json=as_json)


def _parse_dollars(text: str) -> float:
    try:
        amount = float(text.removeprefix("$"))
    except ValueError:
        amount = math.nan
    if not (math.isfinite(amount) and amount >= 0):
        raise InvalidInput(
            f"{text!r} is not an amount; write US dollars such as 25 or 7.50, or `{NO_BUDGET}`",
            details={"pointer": "/amount", "expected": "an amount of US dollars", "got": text},
        )
    return amount


def _show_month(found: ApiSpending, *, as_json: bool) -> None:
    screen = Screen(as_json=as_json)
    screen.answer(found.to_wire())
    screen.line(f"{found.month}: ${found.cost_usd:.4f} spent on models, {_format_budget(found)}")
    rows = [
        (item.name, f"${item.cost_usd:.4f}", item.calls, item.input_tokens, item.output_tokens)
        for item in found.deployments
    ]
    screen.table(("deployment", "cost", "calls", "tokens read", "tokens written"), rows)


def _format_budget(found: ApiSpending) -> str:
    if found.budget_usd is None:
        return "no budget"
    return f"${found.left_usd or 0:.4f} left of ${found.budget_usd:.4f}"
