"""What an integration of type `ai` offers: its models, and what they cost."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from wren_core.contract.values import Spec, Text, refuse_doubles


class LongCost(Spec):
    """Price of tokens of a call with a long prompt, per token in the account's currency; holds for the whole call."""

    above: PositiveInt
    """Maximum number of input tokens at the usual price."""
    input: NonNegativeFloat = 0.0
    output: NonNegativeFloat = 0.0
    cached_input: NonNegativeFloat | None = None


class Cost(Spec):
    """Price per token, in the account's currency; `usage.cost` of a call is the product.

    Budgets are in US dollars: for an account in another currency, they count its amounts as they are.
    """

    input: NonNegativeFloat = 0.0
    output: NonNegativeFloat = 0.0
    cached_input: NonNegativeFloat | None = None
    """Of input tokens from the provider's cache; by default the price of the others."""
    long: LongCost | None = None
    """The prices of long prompts, where they cost more."""


class ImageCost(Spec):
    """Price of one generated image, in the account's currency."""

    standard: NonNegativeFloat = 0.0
    hd: NonNegativeFloat = 0.0


class AIModel(Spec):
    """A model an ai integration offers."""

    id: Text
    """Name that the provider knows it by."""
    name: Text
    """Name for people."""
    capabilities: Annotated[tuple[Text, ...], Field(min_length=1)]
    """What it can do: `text`, `vision`, `image_generation` and other abilities of providers."""
    description: str = ""
    """What it is good for, in a sentence."""
    context_window: PositiveInt | None = None
    """Tokens of input and output together."""
    input_formats: tuple[str, ...] = ()
    """Media types it reads, such as `text/plain` and `image/png`."""
    output_formats: tuple[str, ...] = ()
    """Formats of images that it writes."""
    max_tokens: PositiveInt | None = None
    """Maximum number of tokens of an answer."""
    cost_per_token: Cost | None = None
    """Price of its tokens; None where it is unknown."""
    cost_per_image: ImageCost | None = None
    """Price of an image; None where it writes none."""


class AIConfig(Spec):
    """What an integration of type `ai` offers."""

    provider: Text
    """Name of the provider of the models."""
    available_models: tuple[AIModel, ...]
    """The models, each with what it can do and costs."""
    default_model: str
    """Id of the model that is used where a call names none."""

    @model_validator(mode="after")
    def _default_is_available(self) -> "AIConfig":
        known = [model.id for model in self.available_models]
        refuse_doubles("model", known)
        if self.default_model not in known:
            raise ValueError(f"default_model {self.default_model!r} is none of {known}")
        return self
