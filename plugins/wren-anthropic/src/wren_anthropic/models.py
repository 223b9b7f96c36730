"""Anthropic's models, with limits and prices at the time of the release; the setting `models` overrides them.

Prices: https://platform.claude.com/docs/en/about-claude/pricing
"""

from wren_core.ai.pricing import per_million, per_token
from wren_core.contract.spec import AIConfig, AIModel, Cost, LongCost

IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
DEFAULT = "claude-sonnet-5-5"
_CACHE_DISCOUNT = 0.1


def _model(
    model_id: str, name: str, description: str, cost: Cost, *, window: int = 1_000_000, writes: int = 128_000
) -> AIModel:
    return AIModel(
        id=model_id,
        name=name,
        description=description,
        capabilities=("text", "vision", "tools"),
        context_window=window,
        max_tokens=writes,
        input_formats=("text/plain", *IMAGES),
        output_formats=("text/plain",),
        cost_per_token=cost,
    )


def _cost(input_usd: float, output_usd: float, long: LongCost | None = None) -> Cost:
    return per_million(input_usd, output_usd, cached_usd=round(input_usd * _CACHE_DISCOUNT, 6), long=long)


_LONG_HAIKU = LongCost(above=100_000, input=per_token(0.5), output=per_token(2.5), cached_input=per_token(0.05))

MODELS = AIConfig(
    provider="anthropic",
    default_model=DEFAULT,
    available_models=(
        _model(DEFAULT, "Claude Sonnet 5.5", "Balances intelligence, speed and price", _cost(2, 10)),
        _model("claude-opus-5-5", "Claude Opus 5.5", "For complex reasoning and long tasks", _cost(4, 20)),
        _model(
            "claude-haiku-5-5",
            "Claude Haiku 5.5",
            "Fastest and cheapest: classification, extraction, routing",
            _cost(0.1, 0.5, _LONG_HAIKU),
        ),
        _model("claude-fable-5-1", "Claude Fable 5.1", "The most capable, and the most expensive", _cost(10, 50)),
        _model("claude-opus-5", "Claude Opus 5", "The previous Opus", _cost(5, 25)),
        _model("claude-sonnet-5", "Claude Sonnet 5", "The previous Sonnet", _cost(2, 10)),
        _model(
            "claude-haiku-4-5",
            "Claude Haiku 4.5",
            "The previous Haiku",
            _cost(1, 5),
            window=200_000,
            writes=64_000,
        ),
    ),
)
