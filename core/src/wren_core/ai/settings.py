"""The settings of every ai integration in `init(...)`: the default model, and further models."""

from typing import Annotated, Any

from pydantic import Field

from wren_core.ai.pricing import per_token
from wren_core.contract.record import IntegrationConfig
from wren_core.contract.spec import AIModel, Cost, ImageCost

_Price = Annotated[float | None, Field(ge=0, allow_inf_nan=False)]
_Count = Annotated[int | None, Field(ge=1)]


class ModelSettings(IntegrationConfig):
    """A model to add, or changes of a known one; omitted fields keep their value."""

    id: Annotated[str, Field(min_length=1, max_length=255), "Id of the model at the provider"]
    name: Annotated[str | None, "Name for people"] = None
    capabilities: Annotated[
        tuple[str, ...] | None, "What it can do: text, vision, tools, image_generation; text by default"
    ] = None
    context_window: Annotated[_Count, "Tokens of prompt and answer together"] = None
    max_tokens: Annotated[_Count, "Maximum number of tokens of an answer"] = None
    input_price: Annotated[_Price, "US dollars for a million input tokens"] = None
    cached_input_price: Annotated[_Price, "US dollars for a million input tokens from the provider's cache"] = None
    output_price: Annotated[_Price, "US dollars for a million output tokens"] = None
    image_price: Annotated[_Price, "US dollars for an image of standard quality"] = None
    hd_image_price: Annotated[_Price, "US dollars for an image of high quality"] = None

    def applied_to(self, known: AIModel | None) -> AIModel:
        """Return the known model with these changes, or a new one."""
        base = known or AIModel(id=self.id, name=self.id, capabilities=("text",))
        said = {name: getattr(self, name) for name in ("name", "capabilities", "context_window", "max_tokens")}
        changes: dict[str, Any] = {name: value for name, value in said.items() if value}
        changes["cost_per_token"] = self._cost(base.cost_per_token)
        changes["cost_per_image"] = self._image_cost(base.cost_per_image)
        return base.model_copy(update=changes)

    def _cost(self, known: Cost | None) -> Cost | None:
        said = {"input": self.input_price, "cached_input": self.cached_input_price, "output": self.output_price}
        prices = {name: per_token(price) for name, price in said.items() if price is not None}
        if not prices:
            return known
        # Prices in settings have no tier for long prompts; cached tokens never cost more than others.
        own = {"cached_input": None, **prices} if "input" in prices else prices
        return (known or Cost(input=0, output=0)).model_copy(update={**own, "long": None})

    def _image_cost(self, known: ImageCost | None) -> ImageCost | None:
        said = {"standard": self.image_price, "hd": self.hd_image_price}
        prices = {name: price for name, price in said.items() if price is not None}
        if not prices or known is not None:
            return known and known.model_copy(update=prices)
        only = next(iter(prices.values()))
        return ImageCost(**{"standard": only, "hd": only, **prices})


class AISettings(IntegrationConfig):
    """Settings of an ai integration. Subclass it as `Config` where the provider needs more."""

    model: Annotated[str | None, "Model for calls that name none; by default the integration's own default"] = None
    models: Annotated[tuple[ModelSettings, ...], "Models to add, or known models with new limits and prices"] = ()
    timeout_seconds: Annotated[float, Field(gt=0, le=3600), "Longest wait for the next bytes of an answer"] = 300.0
