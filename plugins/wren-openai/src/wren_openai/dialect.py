"""The Chat Completions and Images APIs, called with OpenAI's library. Only this module and `verdicts` import it.

It uses Chat Completions and not the newer Responses API, because compatible servers implement it.
"""

import base64
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import openai
from openai.types import ImagesResponse
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from wren_core import Rejected, Unavailable
from wren_core.ai.dialect import CompletionRequest, Drawing, ImageRequest, Reply
from wren_core.ai.images import find_media_type
from wren_core.ai.records import ChatMessage, GeneratedImage, StopReason, ToolCall, Usage
from wren_core.ai.tokens import count_of, usage_of_answer
from wren_core.json_pointer import find_list, find_or_none
from wren_openai.models import KNOWN, TOOLS_WITHOUT_REASONING
from wren_openai.verdicts import refuse_error, verdicts
from wren_openai.writing import Draft

_REASONS: dict[str | None, StopReason] = {
    "stop": "end",
    "length": "max_tokens",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
}
_IMAGE_COUNTS = ("input_tokens", "output_tokens")
_QUALITIES = {"standard": "medium", "hd": "high"}


class ChatDialect:
    """Sends each request once; the caller decides what to do after a failure."""

    def __init__(self, api_key: str, *, base_url: str, timeout: float) -> None:
        self._client = openai.OpenAI(api_key=api_key, base_url=base_url, timeout=timeout, max_retries=0)
        # The library's overloads need a literal `stream`, and cannot check arguments that were built beforehand.
        self._complete: Callable[..., Any] = self._client.chat.completions.create
        self._draw: Callable[..., Any] = self._client.images.generate

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def complete(self, request: CompletionRequest) -> Reply:
        """Return the complete response."""
        with verdicts():
            answer = self._complete(**arguments_of(request))
            body = answer.to_dict(warnings=False) if isinstance(answer, ChatCompletion) else None
            refuse_error(body)
            if not find_list(body, "/choices"):
                raise Unavailable("the response is not from the API; check the base URL")
            draft = Draft()
            draft.add(body, "message")
            return reply_of(draft, request)

    def pieces(self, request: CompletionRequest) -> Iterator[str | Usage | Reply]:
        """Yield the text as it arrives, and finally the complete response, which alone has the usage."""
        options: dict[str, Any] = {"stream": True, "stream_options": {"include_usage": True}}
        draft = Draft()
        with verdicts(), self._complete(**arguments_of(request), **options) as chunks:
            end = _EndWatch(chunks)
            for chunk in chunks:
                body = chunk.to_dict(warnings=False) if isinstance(chunk, ChatCompletionChunk) else None
                refuse_error(body)
                piece = draft.add(body, "delta")
                if piece:
                    yield piece
        if draft.finish_reason is None and not end.has_come:
            raise Unavailable("the response broke off in the middle; try again")
        yield reply_of(draft, request)

    def draw(self, request: ImageRequest) -> Drawing:
        """Return the images."""
        own = request.model.id in KNOWN
        # OpenAI's image models always return the image itself; other servers need this parameter.
        options = {"quality": _QUALITIES[request.quality]} if own else {"response_format": "b64_json"}
        with verdicts():
            answer = self._draw(
                model=request.model.id, prompt=request.prompt, n=request.count, size=request.size, **options
            )
            body = answer.to_dict(warnings=False) if isinstance(answer, ImagesResponse) else None
            refuse_error(body)
            images = [_parse_image(find_or_none(image, "/b64_json")) for image in find_list(body, "/data")]
        counted = {name: count_of(find_or_none(body, f"/usage/{name}")) or 0 for name in _IMAGE_COUNTS}
        return Drawing(images=images, usage=Usage(images=len(images), **counted))


class _EndWatch:
    """Notes the mark that ends a stream: some servers send no other.

    The library drops the mark, so that a stream that broke off looks like one that ended.
    """

    def __init__(self, chunks: Any) -> None:
        self.has_come = False
        self._decoder, chunks._decoder = chunks._decoder, self  # noqa: SLF001 - the library has no public place for it

    def iter_bytes(self, iterator: Iterator[bytes]) -> Iterator[Any]:
        """Decode the events of a stream."""
        for event in self._decoder.iter_bytes(iterator):
            self.has_come = self.has_come or event.data.startswith("[DONE]")
            yield event


def arguments_of(request: CompletionRequest) -> dict[str, Any]:
    """Convert a request to the format of the API."""
    model = request.model.id
    # Compatible servers know only the older name; OpenAI's newer models refuse it.
    limit = "max_completion_tokens" if model in KNOWN else "max_tokens"
    tools = [_tool(tool.model_dump(mode="json")) for tool in request.tools]
    system = [{"role": "system", "content": request.system}] if request.system else []
    optional = {
        limit: request.max_tokens,
        "temperature": request.temperature,
        "tools": tools or None,
        "reasoning_effort": "none" if tools and model in TOOLS_WITHOUT_REASONING else None,
    }
    return {
        "model": model,
        "messages": [*system, *(turn for message in request.messages for turn in _turns(message))],
        **{name: value for name, value in optional.items() if value is not None},
    }


def reply_of(draft: Draft, request: CompletionRequest) -> Reply:
    """Convert a response to Wren's records."""
    calls = [ToolCall(id=call.id, name=call.name, arguments=_object(call.arguments)) for call in draft.calls]
    usual: StopReason = "tool_use" if calls else "end"
    reason = usual if draft.finish_reason is None else _REASONS.get(draft.finish_reason, "other")
    usage = draft.usage
    return Reply(
        text=draft.text or draft.refusal,
        stop_reason="refusal" if draft.refusal else reason,
        usage=usage_of_answer(
            request,
            draft.written,
            read=usage.get("prompt_tokens"),
            output=usage.get("completion_tokens"),
            cached=find_or_none(usage, "/prompt_tokens_details/cached_tokens"),
        ),
        tool_calls=calls,
    )


def _turns(message: ChatMessage) -> Iterator[dict[str, Any]]:
    if message.role == "assistant":
        named = [(call.id, {"name": call.name, "arguments": json.dumps(call.arguments)}) for call in message.tool_calls]
        calls = [{"id": call_id, "type": "function", "function": function} for call_id, function in named]
        yield {"role": "assistant", "content": message.text or None, **({"tool_calls": calls} if calls else {})}
        return
    for result in message.tool_results:
        content = f"Error: {result.content}" if result.is_error else result.content
        yield {"role": "tool", "tool_call_id": result.id, "content": content}
    if message.images:
        text = [{"type": "text", "text": message.text}] if message.text else []
        yield {"role": "user", "content": [*text, *map(_image, message.images)]}
    elif message.text:
        yield {"role": "user", "content": message.text}


def _tool(tool: Mapping[str, Any]) -> dict[str, Any]:
    function = {"name": tool["name"], "description": tool["description"], "parameters": tool["input_schema"]}
    return {"type": "function", "function": function}


def _image(content: bytes) -> dict[str, Any]:
    data = f"data:{find_media_type(content)};base64,{base64.b64encode(content).decode()}"
    return {"type": "image_url", "image_url": {"url": data}}


def _object(text: str) -> dict[str, Any]:
    """Parse the arguments of a tool call; if they are not a JSON object, return them as `unparsed`."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {"unparsed": text}


def _parse_image(encoded: Any) -> GeneratedImage:
    if not isinstance(encoded, str) or not encoded:
        raise Rejected("the server returned the URL of an image instead of the image; it cannot be fetched")
    content = base64.b64decode(encoded)
    return GeneratedImage(content=content, media_type=find_media_type(content) or "application/octet-stream")
