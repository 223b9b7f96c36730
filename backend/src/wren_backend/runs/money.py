"""Amounts and months of spending. Pure."""

from datetime import UTC, datetime

from wren_core.ai.pricing import NANOS_PER_USD


def month_of(moment: datetime) -> str:
    """Return the calendar month of an instant, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m}"


def in_usd(nanos: int) -> float:
    """Return an amount in dollars, for people and wires; sums are made of nanodollars."""
    return nanos / NANOS_PER_USD


def in_nanos(amount: float) -> int:
    """Return a dollar amount in nanodollars."""
    return round(amount * NANOS_PER_USD)
