"""The Messages API, called with Anthropic's library, which only this module imports; `connect` imports this module."""

import base64
from collections.abc import Iterator
from typing import Any

import anthropic

from wren_anthropic.verdicts import verdicts
from wren_core import Unavailable
from wren_core.ai.dialect import CompletionRequest, Reply
from wren_core.ai.images import find_media_type
from wren_core.ai.records import ChatMessage, StopReason, ToolCall, Usage

# The API requires a limit in every request. Models count their reasoning too, so it must not be small.
_USUAL_MAX_TOKENS = 16_000
_REASONS: dict[str | None, StopReason] = {
    "end_turn": "end",
    "stop_sequence": "end",
    "max_tokens": "max_tokens",
    "model_context_window_exceeded": "max_tokens",
    "tool_use": "tool_use",
    "refusal": "refusal",
}
_REASONING = frozenset({"thinking", "redacted_thinking"})


class MessagesDialect:
    """Sends each request once; the caller decides what to do after a failure."""

    def __init__(self, api_key: str, *, base_url: str, timeout: float) -> None:
        self._client = anthropic.Anthropic(api_key=api_key, base_url=base_url, timeout=timeout, max_retries=0)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def complete(self, request: CompletionRequest) -> Reply:
        """Return the complete response."""
        with verdicts():
            message = self._client.messages.create(**arguments_of(request))
            if not isinstance(message, anthropic.types.Message) or message.type != "message":
                raise Unavailable("the response is not from Anthropic; check the base URL")
            return reply_of(message)

    def pieces(self, request: CompletionRequest) -> Iterator[str | Usage | Reply]:
        """Yield the text as it arrives, the usage as it becomes known, and finally the complete response."""
        with verdicts(), self._client.messages.stream(**arguments_of(request)) as stream:
            for event in stream:
                if event.type == "text":
                    yield event.text
                elif event.type in ("message_start", "message_delta"):
                    yield usage_of(stream.current_message_snapshot.usage)
            message = stream.current_message_snapshot
            if message.stop_reason is None:
                raise Unavailable("Anthropic's response broke off in the middle; try again")
            yield reply_of(message)


def arguments_of(request: CompletionRequest) -> dict[str, Any]:
    """Convert a request to the format of the API."""
    limit = request.max_tokens or min(_USUAL_MAX_TOKENS, request.model.max_tokens or _USUAL_MAX_TOKENS)
    # The library has no sampling parameters, because new models refuse them; older models still accept them.
    extra = None if request.temperature is None else {"temperature": request.temperature}
    optional = {"system": request.system, "extra_body": extra}
    tools = [tool.model_dump(mode="json") for tool in request.tools]
    return {
        "model": request.model.id,
        "max_tokens": limit,
        "messages": [_turn(message) for message in request.messages],
        **{name: value for name, value in optional.items() if value is not None},
        **({"tools": tools} if tools else {}),
    }


def reply_of(message: anthropic.types.Message) -> Reply:
    """Convert a response to Wren's records."""
    blocks = message.content
    reasoned = any(block.type in _REASONING for block in blocks)
    return Reply(
        text="".join(block.text for block in blocks if block.type == "text"),
        stop_reason=_REASONS.get(message.stop_reason, "other"),
        usage=usage_of(message.usage),
        tool_calls=[
            ToolCall(id=block.id, name=block.name, arguments=dict(block.input))
            for block in blocks
            if block.type == "tool_use"
        ],
        # Signed reasoning must be sent back unchanged with the results of tools.
        blocks=[block.model_dump(mode="json", exclude_none=True) for block in blocks] if reasoned else [],
    )


def usage_of(usage: anthropic.types.Usage) -> Usage:
    """Return the usage; the API counts tokens written to and read from the cache separately from the input."""
    cached = usage.cache_read_input_tokens or 0
    return Usage(
        input_tokens=usage.input_tokens + cached + (usage.cache_creation_input_tokens or 0),
        cached_input_tokens=cached,
        output_tokens=usage.output_tokens,
    )


def _turn(message: ChatMessage) -> dict[str, Any]:
    if message.role == "assistant":
        return {"role": "assistant", "content": message.blocks or _assistant_content(message)}
    results = [
        {"type": "tool_result", "tool_use_id": item.id, "content": item.content, "is_error": item.is_error}
        for item in message.tool_results
    ]
    return {"role": "user", "content": [*results, *map(_image, message.images), *_text(message.text)]}


def _assistant_content(message: ChatMessage) -> list[dict[str, Any]]:
    calls = [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in message.tool_calls
    ]
    return [*_text(message.text), *calls]


def _text(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text}] if text else []


def _image(content: bytes) -> dict[str, Any]:
    source = {"type": "base64", "media_type": find_media_type(content), "data": base64.b64encode(content).decode()}
    return {"type": "image", "source": source}
