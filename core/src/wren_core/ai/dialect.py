"""What the author of an ai integration writes: the dialect of one provider. Checks, prices and budgets are shared.

`connect()` of the integration returns an object with these functions; what it raises becomes an error as anywhere else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from wren_core.ai.records import ChatMessage, GeneratedImage, StopReason, ToolCall, ToolDefinition, Usage
from wren_core.contract.spec import AIModel

Quality = Literal["standard", "hd"]


@dataclass(frozen=True, kw_only=True)
class CompletionRequest:
    """One call, checked against the model that is to answer."""

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
    """The turn in the provider's own form, where it wants that back unchanged."""


@dataclass(frozen=True, kw_only=True)
class ImageRequest:
    """Images to make."""

    model: AIModel
    prompt: str
    count: int = 1
    size: str = "1024x1024"
    quality: Quality = "standard"


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """Images that were made."""

    images: Sequence[GeneratedImage]
    usage: Usage


class Dialect(Protocol):
    """Speaks with one provider about text."""

    def complete(self, request: CompletionRequest) -> Reply:
        """Return the whole answer. Send the request once: retries are the caller's to decide."""
        ...

    def pieces(self, request: CompletionRequest) -> Iterator[str | Usage | Reply]:
        """Yield the text as it comes, usage as soon as some is known, and last the whole `Reply`.

        End without a `Reply` only by raising: an answer that was cut is Unavailable, never a short success.
        """
        ...


class ImageDialect(Dialect, Protocol):
    """Speaks with one provider about text and pictures."""

    def draw(self, request: ImageRequest) -> Drawing:
        """Return the images."""
        ...
