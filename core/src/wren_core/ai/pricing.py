"""What a call costs: exact to the nanodollar (10^-9 US dollars), a half rounded up."""

from decimal import ROUND_HALF_UP, Decimal

from wren_core.ai.dialect import Quality
from wren_core.ai.records import Usage
from wren_core.contract.spec import AIModel, Cost, ImageCost, LongCost

NANOS_PER_USD = 10**9
_MILLION = 10**6


def per_million(
    input_usd: float, output_usd: float, *, cached_usd: float | None = None, long: LongCost | None = None
) -> Cost:
    """Return the cost per token for prices per million tokens, the form in which providers publish them."""
    cached = None if cached_usd is None else per_token(cached_usd)
    return Cost(input=per_token(input_usd), output=per_token(output_usd), cached_input=cached, long=long)


def per_token(usd_per_million: float) -> float:
    """Return the price of one token."""
    return float(Decimal(str(usd_per_million)) / _MILLION)


def cost_in_nanos(model: AIModel, usage: Usage, *, quality: Quality = "standard") -> int | None:
    """Return the price of a call in nanodollars, or None where the model's prices are unknown.

    An image is priced by its tokens where the model has token prices and the provider reports their number, else
    by the piece.
    """
    by_token = model.cost_per_token
    if usage.images and model.cost_per_image and not (by_token and usage.output_tokens):
        return _round_half_up(_price_of_image(model.cost_per_image, quality) * usage.images)
    return None if by_token is None else _round_half_up(_price_of_tokens(by_token, usage))


def usd(nanos: int | None) -> float | None:
    """Return nanodollars as dollars."""
    return None if nanos is None else nanos / NANOS_PER_USD


def _price_of_tokens(cost: Cost, usage: Usage) -> Decimal:
    is_long = cost.long is not None and usage.input_tokens > cost.long.above
    prices: Cost | LongCost = cost.long if is_long and cost.long is not None else cost
    cached_price = prices.input if prices.cached_input is None else prices.cached_input
    cached = min(usage.cached_input_tokens, usage.input_tokens)
    return (
        _exact(prices.input) * (usage.input_tokens - cached)
        + _exact(cached_price) * cached
        + _exact(prices.output) * usage.output_tokens
    )


def _price_of_image(cost: ImageCost, quality: Quality) -> Decimal:
    return _exact(cost.hd if quality == "hd" else cost.standard)


def _exact(price: float) -> Decimal:
    """Return the decimal number as written in the price list, not its nearest binary fraction."""
    return Decimal(str(price))


def _round_half_up(price: Decimal) -> int:
    return int((price * NANOS_PER_USD).to_integral_value(rounding=ROUND_HALF_UP))
