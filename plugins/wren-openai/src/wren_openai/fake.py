"""OpenAI's Chat Completions and Images APIs in memory, for tests without a network or an account.

Example:
    fake = FakeOpenAI()
    fake.model.say("Paris", when="capital")
    with serve(fake) as url:
        ai = OpenAI.create(credentials=fake.credentials(), base_url=url)
        assert ai.generate("What is the capital of France?").text == "Paris"
"""

import base64
import itertools
import json
from typing import Any, ClassVar

from wren_core.ai.tokens import estimate_tokens
from wren_core.testing import Chunks, FakeProvider, FakeRequest, FakeResponse, route
from wren_core.testing.fake_model import FakeAnswer, FakeModel, text_of
from wren_openai.models import MODELS

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""The image that the fake returns: a PNG of one pixel."""
_TOKENS_OF_AN_IMAGE = 439


class FakeOpenAI(FakeProvider):
    """One account whose models give the answers set in `model`; unknown keys and models and invalid requests fail.

    Args:
        key: the valid API key.
        models: ids of additional models, as on a compatible server.
    """

    name: ClassVar[str] = "openai"

    def __init__(self, *, key: str = "sk-fake-key", models: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.key = key
        self.model = FakeModel()
        self.drawn: list[str] = []
        """The prompts of the generated images."""
        self._known = {*models, *(model.id for model in MODELS.available_models)}
        self._numbers = itertools.count(1)

    def credentials(self) -> dict[str, str]:
        """Return the valid credential."""
        return {"api_key": self.key}

    def limit_next(self, *, times: int = 1, retry_after: int = 1) -> None:
        """Answer the next requests with 429 and Retry-After."""
        body = _error("rate_limit_exceeded", "Rate limit reached", kind="requests")
        self.fail_next(429, times=times, headers={"retry-after": str(retry_after)}, body=body)

    def refusal(self, request: FakeRequest) -> FakeResponse | None:
        """Refuse a request without the key."""
        if request.token == self.key:
            return None
        return FakeResponse(status=401, body=_error("invalid_api_key", "Incorrect API key provided"))

    def not_found(self, request: FakeRequest) -> FakeResponse:
        """Return the error for an unknown path."""
        return FakeResponse(status=404, body=_error("unknown_url", f"Unknown request URL: {request.path}"))

    @route("POST", "/v1/chat/completions")
    @route("POST", "/chat/completions")
    def chat(self, request: FakeRequest) -> FakeResponse:
        """Answer the last turn, as one response or as a stream."""
        asked = request.json()
        if asked.get("model") not in self._known:
            return self._unknown_model_error(asked)
        if not asked.get("messages"):
            return FakeResponse(status=400, body=_error("missing_required_parameter", "Missing: 'messages'"))
        answer = self.model.answer(text_of(asked["messages"][-1]["content"]))
        completion = self._completion(asked, answer)
        return FakeResponse(body=_stream_chunks(completion, answer, asked) if asked.get("stream") else completion)

    @route("POST", "/v1/images/generations")
    @route("POST", "/images/generations")
    def images(self, request: FakeRequest) -> FakeResponse:
        """Generate images."""
        asked = request.json()
        if asked.get("model") not in self._known:
            return self._unknown_model_error(asked)
        count = asked.get("n", 1)
        self.drawn += [asked["prompt"]] * count
        read, written = estimate_tokens(asked["prompt"]), count * _TOKENS_OF_AN_IMAGE
        details = {"image_tokens": 0, "text_tokens": read}
        usage = {"input_tokens": read, "output_tokens": written, "total_tokens": read + written}
        image = {"b64_json": base64.b64encode(PIXEL).decode()}
        return FakeResponse(
            body={"created": 1, "data": [image] * count, "usage": {**usage, "input_tokens_details": details}}
        )

    def _completion(self, asked: dict[str, Any], answer: FakeAnswer) -> dict[str, Any]:
        number = next(self._numbers)
        call = {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": answer.tool, "arguments": json.dumps(dict(answer.arguments))},
        }
        message: dict[str, Any] = {"role": "assistant", "content": answer.text or None, "refusal": None}
        if answer.tool:
            message["tool_calls"] = [call]
        read = estimate_tokens("".join(text_of(turn["content"]) for turn in asked["messages"]))
        written = estimate_tokens(answer.text + json.dumps(dict(answer.arguments)))
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if answer.tool else "stop"}
        head = {"id": f"chatcmpl-{number}", "object": "chat.completion", "created": 1, "model": asked["model"]}
        return {**head, "choices": [choice], "usage": usage}

    def _unknown_model_error(self, asked: dict[str, Any]) -> FakeResponse:
        message = f"The model `{asked.get('model')}` does not exist"
        return FakeResponse(status=404, body=_error("model_not_found", message))


def _stream_chunks(completion: dict[str, Any], answer: FakeAnswer, asked: dict[str, Any]) -> Chunks:
    choice = completion["choices"][0]
    calls = [{"index": index, **call} for index, call in enumerate(choice["message"].get("tool_calls", ()))]
    deltas: list[dict[str, Any]] = [{"content": word} for word in answer.words[: answer.cut_after]]
    deltas += [{"tool_calls": [call]} for call in calls]
    chunks = [_chunk(completion, delta) for delta in deltas]
    if answer.cut_after is not None:
        return Chunks(parts=[_data(chunk) for chunk in chunks], is_cut=True)
    chunks.append(_chunk(completion, {}, choice["finish_reason"]))
    if (asked.get("stream_options") or {}).get("include_usage"):
        chunks.append({**_chunk(completion, {}), "choices": [], "usage": completion["usage"]})
    return Chunks(parts=[*(_data(chunk) for chunk in chunks), "data: [DONE]\n\n"])


def _chunk(completion: dict[str, Any], delta: dict[str, Any], finish_reason: str | None = None) -> dict[str, Any]:
    head = {name: completion[name] for name in ("id", "created", "model")}
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {**head, "object": "chat.completion.chunk", "choices": [choice]}


def _data(chunk: dict[str, Any]) -> str:
    return f"data: {json.dumps(chunk)}\n\n"


def _error(code: str, message: str, *, kind: str = "invalid_request_error") -> dict[str, Any]:
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}
