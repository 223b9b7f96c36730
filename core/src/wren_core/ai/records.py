"""What goes into and comes out of a call of a model: messages, tools, images, usage, cost."""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from wren_core.contract.record import Record

StopReason = Literal["end", "max_tokens", "tool_use", "refusal", "other"]
Role = Literal["user", "assistant"]


def _decode_base64(value: Any) -> Any:
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
    BeforeValidator(_decode_base64),
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
    """The model's request to call a function."""

    id: Annotated[str, "Id that the result refers to"]
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
    text: Annotated[str, "The text of the turn"] = ""
    images: Annotated[list[ImageBytes], "Images to look at; of the user's turns"] = []
    tool_results: Annotated[
        list[ToolResult], "Results of the calls that the previous turn requested; of the user's turns"
    ] = []
    tool_calls: Annotated[list[ToolCall], "Requested calls; of the assistant's turns"] = []
    blocks: Annotated[
        list[dict[str, Any]],
        "The turn in the provider's own form, for providers that require it back unchanged; opaque",
    ] = []


class Usage(Record):
    """Usage of a call."""

    input_tokens: Annotated[int, Field(ge=0), "Tokens of the prompt, cached ones included"] = 0
    cached_input_tokens: Annotated[int, Field(ge=0), "Of these, tokens from the provider's cache"] = 0
    output_tokens: Annotated[int, Field(ge=0), "Tokens of the answer, hidden reasoning included"] = 0
    images: Annotated[int, Field(ge=0), "Generated images"] = 0
    is_estimated: Annotated[bool, "Estimated by Wren, because the provider reported no usage"] = False


class Completion(Record):
    """An answer of a model."""

    text: Annotated[str, "The answer; empty where the model only calls tools"]
    model: Annotated[str, "Id of the model that answered"]
    stop_reason: Annotated[StopReason, "Why the answer ends; max_tokens means that it is truncated"]
    usage: Annotated[Usage, "Tokens used"]
    cost_usd: Annotated[float | None, "Price in US dollars; none where the model's prices are unknown"]
    tool_calls: Annotated[list[ToolCall], "Functions that the model calls"] = []
    blocks: Annotated[list[dict[str, Any]], "For `as_message`; opaque"] = []

    def as_message(self) -> ChatMessage:
        """Return the answer as a turn, to continue the conversation."""
        return ChatMessage(role="assistant", text=self.text, tool_calls=self.tool_calls, blocks=self.blocks)


class CompletionUsage(Record):
    """Usage of a call of `complete`."""

    promptTokens: Annotated[int, Field(ge=0), "Tokens of the prompt, cached ones included"]  # noqa: N815 - fixed names
    completionTokens: Annotated[int, Field(ge=0), "Tokens of the answer"]  # noqa: N815 - fixed names
    totalTokens: Annotated[int, Field(ge=0), "Both together"]  # noqa: N815 - fixed names
    cost: Annotated[float | None, "Tokens times their price, in the account's currency; none where prices are unknown"]


class CompletedText(Record):
    """An answer of a model, in the names that every ai integration shares."""

    completion: Annotated[str, "The answer"]
    usage: Annotated[CompletionUsage, "Usage of the call"]


class ImageUsage(Record):
    """Usage of a call of `generate_image`."""

    cost: Annotated[float | None, "Price of the image, in the account's currency; none where prices are unknown"]


class DrawnImage(Record):
    """One image that a model generated, in the names that every ai integration shares."""

    image: Annotated[ImageBytes, "The file, in JSON as base64"]
    usage: Annotated[ImageUsage, "Usage of the call"]


class GeneratedImage(Record):
    """An image that a model generated."""

    content: Annotated[ImageBytes, "The file"]
    media_type: Annotated[str, "Its type, such as image/png"]


class GeneratedImages(Record):
    """The images of one call."""

    images: Annotated[list[GeneratedImage], "The generated images"]
    model: Annotated[str, "Id of the model that answered"]
    usage: Annotated[Usage, "Usage of the call"]
    cost_usd: Annotated[float | None, "Price in US dollars; none where the model's prices are unknown"]


class ModelInfo(Record):
    """A model that can be chosen."""

    id: Annotated[str, "What to pass as `model`"]
    name: Annotated[str, "Name for people"]
    description: Annotated[str, "What it is good at"]
    capabilities: Annotated[list[str], "What it can do: text, vision, tools, image_generation"]
    context_window: Annotated[int | None, "Tokens of prompt and answer together"]
    max_tokens: Annotated[int | None, "Maximum number of tokens of an answer"]
    input_usd_per_million: Annotated[float | None, "Price of a million input tokens"]
    output_usd_per_million: Annotated[float | None, "Price of a million output tokens"]
    usd_per_image: Annotated[float | None, "Price of an image of standard quality"]
    is_default: Annotated[bool, "Whether calls without a model use it"]
