"""What goes into and comes out of a call of a model: messages, tools, images, usage, cost."""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from wren_core.contract.record import Record

StopReason = Literal["end", "max_tokens", "tool_use", "refusal", "other"]
Role = Literal["user", "assistant"]


def _decoded(value: Any) -> Any:
    """Take base64, in either alphabet, where JSON could not carry the bytes themselves."""
    if not isinstance(value, str):
        return value
    try:
        padded = value + "=" * (-len(value) % 4)
        return base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError) as exc:
        raise ValueError("is neither bytes nor base64") from exc


ImageBytes = Annotated[
    bytes,
    BeforeValidator(_decoded),
    Field(min_length=1),
    WithJsonSchema({"type": "string", "contentEncoding": "base64"}),
]
"""An image: bytes in Python, base64 in JSON."""


class ToolDefinition(Record):
    """A function that the model may ask for."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$"), "Name of the function"]
    description: Annotated[str, "What it does and when to use it"] = ""
    input_schema: Annotated[dict[str, Any], "JSON Schema of its arguments, an object"]


class ToolCall(Record):
    """The model's wish to have a function called."""

    id: Annotated[str, "Id under which the result is handed back"]
    name: Annotated[str, "Name of the function"]
    arguments: Annotated[dict[str, Any], "Its arguments, as the model chose them; not checked against its schema"]


class ToolResult(Record):
    """What a function returned."""

    id: Annotated[str, "Id of the tool call"]
    content: Annotated[str, "The result as text; JSON for values"]
    is_error: Annotated[bool, "The function failed, and content says how"] = False


class ChatMessage(Record):
    """One turn of a conversation."""

    role: Annotated[Role, "Who speaks: user or assistant"]
    text: Annotated[str, "What is said"] = ""
    images: Annotated[list[ImageBytes], "Images to look at; of the user's turns"] = []
    tool_results: Annotated[
        list[ToolResult], "Results of the calls the turn before asked for; of the user's turns"
    ] = []
    tool_calls: Annotated[list[ToolCall], "Calls that were asked for; of the assistant's turns"] = []
    blocks: Annotated[
        list[dict[str, Any]], "The turn in the provider's own form, where it wants that back unchanged; opaque"
    ] = []


class Usage(Record):
    """What a call used."""

    input_tokens: Annotated[int, Field(ge=0), "Tokens of the prompt, cached ones included"] = 0
    cached_input_tokens: Annotated[int, Field(ge=0), "Of these, the ones the provider had in its cache"] = 0
    output_tokens: Annotated[int, Field(ge=0), "Tokens of the answer, hidden reasoning included"] = 0
    images: Annotated[int, Field(ge=0), "Images made"] = 0
    is_estimated: Annotated[bool, "Counted by Wren, because the provider could not tell any more"] = False


class Completion(Record):
    """An answer of a model."""

    text: Annotated[str, "The answer; empty where the model only asks for tools"]
    model: Annotated[str, "Id of the model that was asked"]
    stop_reason: Annotated[StopReason, "Why it ends here; max_tokens means that it was cut off"]
    usage: Annotated[Usage, "Tokens used"]
    cost_usd: Annotated[float | None, "Price in US dollars; none where the model's prices are unknown"]
    tool_calls: Annotated[list[ToolCall], "Functions the model wants called"] = []
    blocks: Annotated[list[dict[str, Any]], "For `as_message`; opaque"] = []

    def as_message(self) -> ChatMessage:
        """Return the answer as a turn of the conversation that goes on."""
        return ChatMessage(role="assistant", text=self.text, tool_calls=self.tool_calls, blocks=self.blocks)


class CompletionUsage(Record):
    """What a call of `complete` used."""

    promptTokens: Annotated[int, Field(ge=0), "Tokens of the prompt, cached ones included"]  # noqa: N815 - fixed names
    completionTokens: Annotated[int, Field(ge=0), "Tokens of the answer"]  # noqa: N815 - fixed names
    totalTokens: Annotated[int, Field(ge=0), "Both together"]  # noqa: N815 - fixed names
    cost: Annotated[float | None, "Tokens times their price, in the account's currency; none where prices are unknown"]


class CompletedText(Record):
    """An answer of a model, in the names that every ai integration shares."""

    completion: Annotated[str, "The answer"]
    usage: Annotated[CompletionUsage, "What the call used"]


class ImageUsage(Record):
    """What a call of `generate_image` used."""

    cost: Annotated[float | None, "Price of the image, in the account's currency; none where prices are unknown"]


class DrawnImage(Record):
    """One image that a model made, in the names that every ai integration shares."""

    image: Annotated[ImageBytes, "The file, in JSON as base64"]
    usage: Annotated[ImageUsage, "What the call used"]


class GeneratedImage(Record):
    """An image a model made."""

    content: Annotated[ImageBytes, "The file"]
    media_type: Annotated[str, "Its type, such as image/png"]


class GeneratedImages(Record):
    """The images of one call."""

    images: Annotated[list[GeneratedImage], "What was made"]
    model: Annotated[str, "Id of the model that was asked"]
    usage: Annotated[Usage, "What was used"]
    cost_usd: Annotated[float | None, "Price in US dollars; none where the model's prices are unknown"]


class ModelInfo(Record):
    """A model that can be chosen."""

    id: Annotated[str, "What to pass as `model`"]
    name: Annotated[str, "Name for people"]
    description: Annotated[str, "What it is good at"]
    capabilities: Annotated[list[str], "What it can do: text, vision, tools, image_generation"]
    context_window: Annotated[int | None, "Tokens of prompt and answer together"]
    max_tokens: Annotated[int | None, "Tokens an answer has at most"]
    input_usd_per_million: Annotated[float | None, "Price of a million input tokens"]
    output_usd_per_million: Annotated[float | None, "Price of a million output tokens"]
    usd_per_image: Annotated[float | None, "Price of an image of standard quality"]
    is_default: Annotated[bool, "Used where none is named"]
