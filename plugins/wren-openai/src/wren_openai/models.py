"""OpenAI's models, with limits and prices at the time of the release; the setting `models` overrides and adds models.

Prices: https://developers.openai.com/api/docs/pricing
"""

from functools import partial

from wren_core.ai.pricing import per_million, per_token
from wren_core.contract.spec import AIConfig, AIModel, Cost, ImageCost, LongCost

IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp")
DEFAULT = "gpt-6.1-terra"
_LONG_PROMPT = 272_000
"""Input tokens above which a call of the GPT-6 models costs twice as much for input and 1.5 times for output."""


def _cost(input_usd: float, cached_usd: float, output_usd: float) -> Cost:
    prices = {"input": 2 * input_usd, "output": 1.5 * output_usd, "cached_input": 2 * cached_usd}
    long = LongCost(above=_LONG_PROMPT, **{name: per_token(price) for name, price in prices.items()})
    return per_million(input_usd, output_usd, cached_usd=cached_usd, long=long)


def _text(model_id: str, name: str, description: str, cost: Cost, *more: str, window: int, writes: int) -> AIModel:
    return AIModel(
        id=model_id,
        name=name,
        description=description,
        capabilities=("text", "vision", *more),
        context_window=window,
        max_tokens=writes,
        input_formats=("text/plain", *IMAGES),
        output_formats=("text/plain",),
        cost_per_token=cost,
    )


_gpt_6 = partial(_text, window=1_050_000, writes=128_000)
_gpt_4 = partial(_text, window=1_047_576, writes=32_768)


def _image(model_id: str, name: str, description: str) -> AIModel:
    return AIModel(
        id=model_id,
        name=name,
        description=description,
        capabilities=("image_generation",),
        input_formats=("text/plain",),
        output_formats=("image/png",),
        cost_per_token=per_million(5, 30, cached_usd=1.25),
        cost_per_image=ImageCost(standard=0.013, hd=0.053),
    )


MODELS = AIConfig(
    provider="openai",
    default_model=DEFAULT,
    available_models=(
        _gpt_6(DEFAULT, "GPT-6.1 Terra", "Fast and strong at a moderate price", _cost(1, 0.05, 5), "tools"),
        _gpt_6("gpt-6.1-sol", "GPT-6.1 Sol", "The strongest; supports tools only in another API", _cost(2, 0.1, 10)),
        _gpt_6("gpt-6-luna", "GPT-6 Luna", "Cheapest: focused tasks in high volume", _cost(0.1, 0.01, 0.5), "tools"),
        _gpt_4("gpt-4.1", "GPT-4.1", "Answers without reasoning", per_million(2, 8, cached_usd=0.5), "tools"),
        _gpt_4(
            "gpt-4.1-mini", "GPT-4.1 mini", "Smaller, without reasoning", per_million(0.4, 1.6, cached_usd=0.1), "tools"
        ),
        _image("gpt-image-2.6-flare", "GPT Image 2.6 Flare", "Images in seconds"),
        _image("gpt-image-2.6-sunburst", "GPT Image 2.6 Sunburst", "Images with high detail"),
    ),
)

KNOWN = frozenset(model.id for model in MODELS.available_models)
# In the Chat Completions API these models call functions only without reasoning.
TOOLS_WITHOUT_REASONING = frozenset({"gpt-6.1-terra", "gpt-6-luna"})
