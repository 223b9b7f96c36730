"""What the author of an ai integration writes: the dialect of one provider. Checks, prices and budgets are shared.

`connect()` of the integration returns an object with these functions; its exceptions become errors as in any method.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from wren_core.ai.records import ChatMessage, GeneratedImage, StopReason, ToolCall, ToolDefinition, Usage
from wren_core.contract.spec import AIModel

Quality = Literal["standard", "hd"]


@dataclass(frozen=True, kw_only=True)
class CompletionRequest:
    """One call, checked against the limits of its model."""

    model: AIModel
    messages: Sequence[ChatMessage]
    """Oldest first; the last one is the user's."""
    system: str | None = None
    tools: Sequence[ToolDefinition] = ()
    max_tokens: int | None = None
    temperature: float | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """The provider's whole answer."""

    text: str
    stop_reason: StopReason
    usage: Usage
    tool_calls: Sequence[ToolCall] = ()
    blocks: Sequence[Mapping[str, Any]] = field(default=(), repr=False)
    """The turn in the provider's own form, where the provider requires it back unchanged."""


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """Images to generate."""

    model: AIModel
    prompt: str
    count: int = 1
    size: str = "1024x1024"
    quality: Quality = "standard"


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """The generated images."""

    images: Sequence[GeneratedImage]
    usage: Usage


class Dialect(Protocol):
    """Sends text requests to one provider."""

    def complete(self, request: CompletionRequest) -> Reply:
        """Return the whole answer. Send the request once: the caller decides about retries."""
        ...

    def pieces(self, request: CompletionRequest) -> Iterator[str | Usage | Reply]:
        """Yield the text as it arrives, usage as soon as it is known, and last the whole `Reply`.

        End without a `Reply` only by an exception: a truncated answer is Unavailable, never a success.
        """
        ...


class ImageDialect(Dialect, Protocol):
    """Sends text and image requests to one provider."""

    def draw(self, request: ImageRequest) -> Drawing:
        """Return the images."""
        ...
