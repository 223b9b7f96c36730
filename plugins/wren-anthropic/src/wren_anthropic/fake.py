"""Anthropic's Messages API in memory, for tests without a network or an account.

Example:
    fake = FakeAnthropic()
    fake.model.say("Paris", when="capital")
    with serve(fake) as url:
        claude = Anthropic.create(credentials=fake.credentials(), base_url=url)
        assert claude.generate("What is the capital of France?").text == "Paris"
"""

import itertools
import json
from typing import Any, ClassVar

from wren_anthropic.models import MODELS
from wren_core.ai.tokens import estimate_tokens
from wren_core.testing import Chunks, FakeProvider, FakeRequest, FakeResponse, route
from wren_core.testing.fake_model import FakeAnswer, FakeModel, text_of


class FakeAnthropic(FakeProvider):
    """One account whose models give the answers set in `model`; unknown keys and models and invalid requests fail.

    Args:
        key: the valid API key.
    """

    name: ClassVar[str] = "anthropic"

    def __init__(self, *, key: str = "sk-ant-fake-key") -> None:
        super().__init__()
        self.key = key
        self.model = FakeModel()
        self._numbers = itertools.count(1)

    def credentials(self) -> dict[str, str]:
        """Return the valid credential."""
        return {"api_key": self.key}

    def limit_next(self, *, times: int = 1, retry_after: int = 1) -> None:
        """Answer the next requests with 429 and Retry-After."""
        body = _error("rate_limit_error", "Number of requests has exceeded your rate limit")
        self.fail_next(429, times=times, headers={"retry-after": str(retry_after)}, body=body)

    def refusal(self, request: FakeRequest) -> FakeResponse | None:
        """Refuse a request without the key."""
        if self.key in (request.token, request.headers.get("x-api-key")):
            return None
        return FakeResponse(status=401, body=_error("authentication_error", "invalid API key"))

    def not_found(self, request: FakeRequest) -> FakeResponse:
        """Return the error for an unknown path."""
        return FakeResponse(status=404, body=_error("not_found_error", f"no {request.path}"))

    @route("POST", "/v1/messages")
    def messages(self, request: FakeRequest) -> FakeResponse:
        """Answer the last turn, as one response or as a stream."""
        asked = request.json()
        problem = _problem(asked)
        if problem:
            return FakeResponse(status=400, body=_error("invalid_request_error", problem))
        if asked["model"] not in {model.id for model in MODELS.available_models}:
            return FakeResponse(status=404, body=_error("not_found_error", f"model: {asked['model']}"))
        answer = self.model.answer(text_of(asked["messages"][-1]["content"]))
        message = self._message(asked, answer)
        if not asked.get("stream"):
            return FakeResponse(body=message)
        return FakeResponse(body=_stream_events(message, answer))

    def _message(self, asked: dict[str, Any], answer: FakeAnswer) -> dict[str, Any]:
        number = next(self._numbers)
        text = [{"type": "text", "text": answer.text}] if answer.text else []
        tool = {"type": "tool_use", "id": f"toolu_{number}", "name": answer.tool, "input": dict(answer.arguments)}
        texts = [text_of(message["content"]) for message in asked["messages"]]
        usage = {
            "input_tokens": estimate_tokens("".join([asked.get("system", ""), *texts])),
            "output_tokens": estimate_tokens(answer.text + json.dumps(dict(answer.arguments))),
        }
        return {
            "id": f"msg_{number}",
            "type": "message",
            "role": "assistant",
            "model": asked["model"],
            "content": [*text, *([tool] if answer.tool else [])],
            "stop_reason": "tool_use" if answer.tool else "end_turn",
            "stop_sequence": None,
            "usage": usage,
        }


def _stream_events(message: dict[str, Any], answer: FakeAnswer) -> Chunks:
    opening = {**message, "content": [], "stop_reason": None, "usage": {**message["usage"], "output_tokens": 1}}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": opening}]
    for index, block in enumerate(message["content"]):
        is_text = block["type"] == "text"
        start = {**block, **({"text": ""} if is_text else {"input": {}})}
        events.append({"type": "content_block_start", "index": index, "content_block": start})
        deltas: list[dict[str, Any]] = (
            [{"type": "text_delta", "text": word} for word in answer.words[: answer.cut_after]]
            if is_text
            else [{"type": "input_json_delta", "partial_json": json.dumps(block["input"])}]
        )
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    if answer.cut_after is not None:
        return Chunks(parts=[_event(event) for event in events[:-1]], is_cut=True)
    ending = {"stop_reason": message["stop_reason"], "stop_sequence": None}
    used = {"output_tokens": message["usage"]["output_tokens"]}
    events += [{"type": "message_delta", "delta": ending, "usage": used}, {"type": "message_stop"}]
    return Chunks(parts=[_event(event) for event in events])


def _event(data: dict[str, Any]) -> str:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n"


def _problem(asked: dict[str, Any]) -> str | None:
    missing = [name for name in ("model", "max_tokens", "messages") if not asked.get(name)]
    if missing:
        return f"{missing[0]}: Field required"
    if asked["messages"][0]["role"] != "user":
        return "messages: first message must use the user role"
    if any(not message["content"] for message in asked["messages"]):
        return "messages: all messages must have non-empty content"
    return None


def _error(kind: str, message: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}
