"""The Messages API, called with Anthropic's library, which only this module imports; `connect` imports this module."""

import base64
from collections.abc import Iterator, Mapping
from typing import Any

import anthropic

from wren_anthropic.verdicts import refuse_error, verdicts
from wren_anthropic.writing import Draft
from wren_core import Unavailable
from wren_core.ai.dialect import CompletionRequest, Reply
from wren_core.ai.images import find_media_type
from wren_core.ai.records import ChatMessage, StopReason, ToolCall, Usage
from wren_core.ai.tokens import usage_of_answer
from wren_core.json_pointer import find_or_none

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
_REASONING = ("thinking", "redacted_thinking")


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
            body = message.to_dict(warnings=False) if isinstance(message, anthropic.types.Message) else None
            refuse_error(body)
            if not isinstance(find_or_none(body, "/content"), list | str):
                raise Unavailable("the response is not from Anthropic; check the base URL")
            draft = Draft()
            draft.add_message(body)
            return reply_of(draft, request)

    def pieces(self, request: CompletionRequest) -> Iterator[str | Usage | Reply]:
        """Yield the text as it arrives, the usage as it becomes known, and finally the complete response."""
        draft = Draft()
        with verdicts(), self._client.messages.create(**arguments_of(request), stream=True) as events:
            name_events(events)
            for event in events:
                body = event.to_dict(warnings=False)
                refuse_error(body)
                known = dict(draft.usage)
                piece = draft.add_event(body)
                if piece:
                    yield piece
                if draft.usage != known:
                    yield usage_of(draft, request)
        if draft.stop_reason is None and not draft.has_ended:
            raise Unavailable("Anthropic's response broke off in the middle; try again")
        yield reply_of(draft, request)


def name_events(stream: Any) -> None:
    """Let a stream of the library name events that have their name only in their data: it would skip them."""
    decoder = stream._decoder  # noqa: SLF001 - the library has no public place for it

    class Named:
        def iter_bytes(self, iterator: Iterator[bytes]) -> Iterator[Any]:
            for event in decoder.iter_bytes(iterator):
                yield event if event.event or not event.data.startswith("{") else _with_name(event)

    stream._decoder = Named()  # noqa: SLF001 - see above


def _with_name(event: Any) -> Any:
    try:
        name = find_or_none(event.json(), "/type")
    except ValueError:
        name = None
    return type(event)(event=name if isinstance(name, str) else "unknown", data=event.data, id=event.id)


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


def reply_of(draft: Draft, request: CompletionRequest) -> Reply:
    """Convert a response to Wren's records."""
    blocks = draft.content
    calls = [
        ToolCall(id=str(block.get("id") or ""), name=str(block.get("name") or ""), arguments=block["input"])
        for block in blocks
        if block.get("type") == "tool_use"
    ]
    usual: StopReason = "tool_use" if calls else "end"
    return Reply(
        text=draft.text,
        stop_reason=usual if draft.stop_reason is None else _REASONS.get(draft.stop_reason, "other"),
        usage=usage_of(draft, request),
        tool_calls=calls,
        # Signed reasoning must be sent back unchanged with the results of tools.
        blocks=[_without_nulls(block) for block in blocks] if any(map(_is_reasoning, blocks)) else [],
    )


def usage_of(draft: Draft, request: CompletionRequest) -> Usage:
    """Return the usage; the API counts tokens written to and read from the cache separately from the input."""
    told = draft.usage
    cached, stored = told.get("cache_read_input_tokens", 0), told.get("cache_creation_input_tokens", 0)
    read = told["input_tokens"] + cached + stored if "input_tokens" in told else None
    return usage_of_answer(request, draft.written, read=read, output=told.get("output_tokens"), cached=cached)


def _is_reasoning(block: Mapping[str, Any]) -> bool:
    return block.get("type") in _REASONING


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


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
