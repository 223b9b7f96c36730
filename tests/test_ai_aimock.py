"""Both AI integrations against the third-party fake aimock: answers, tools, streams, images, and all failures."""

import base64

import pytest

from wren_anthropic import Anthropic
from wren_core.ai.records import ChatMessage, ToolResult
from wren_core.errors import RateLimited, Unavailable
from wren_openai import OpenAI

TOOL = {
    "name": "weather",
    "description": "Tell the weather of a city.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# 100 tokens of input and 20 of output, at the prices of the default models.
COST = {"openai": 0.0002, "anthropic": 0.0004}


class Ledger:
    """A host that allows every call and records its reports."""

    def __init__(self):
        self.asked = []

    def request(self, operation, payload):
        self.asked.append((operation, dict(payload)))
        return {}

    def spent(self):
        return [payload for operation, payload in self.asked if operation == "ai.spent"]


@pytest.fixture(params=[OpenAI, Anthropic])
def ai(request, aimock_server):
    url = aimock_server.openai_url if request.param is OpenAI else aimock_server.anthropic_url
    instance = request.param.create(credentials={"api_key": "any-key"}, base_url=url, host=Ledger())
    yield instance
    instance.close()


def test_a_response_has_its_usage_and_cost(ai):
    answer = ai.generate("hello")

    assert (answer.text, answer.stop_reason) == ("Hello yourself.", "end")
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (100, 20)
    assert answer.cost_usd == COST[ai.name]
    assert [item["nano_usd"] for item in ai.host.spent()] == [round(COST[ai.name] * 10**9)]


def test_a_tool_is_called_and_its_result_gets_an_answer(ai):
    asked = ai.generate("what is the weather in Rome?", tools=[TOOL])
    (call,) = asked.tool_calls
    answer = ai.generate(
        messages=[
            ChatMessage(role="user", text="what is the weather in Rome?"),
            asked.as_message(),
            ChatMessage(role="user", tool_results=[ToolResult(id=call.id, content='{"degrees": 21}')]),
        ],
        tools=[TOOL],
    )

    assert (asked.stop_reason, call.name, call.arguments) == ("tool_use", "weather", {"city": "Rome"})
    assert (answer.text, answer.stop_reason) == ("It is 21 degrees in Rome.", "end")


def test_a_tool_call_in_a_stream_is_complete(ai):
    with ai.stream("what is the weather in Rome?", tools=[TOOL]) as pieces:
        text = "".join(pieces)

    (call,) = pieces.completion.tool_calls
    assert (text, call.name, call.arguments) == ("", "weather", {"city": "Rome"})


def test_an_image_reaches_the_model(ai, aimock_server):
    answer = ai.generate("what is in this picture?", images=[PIXEL])

    assert answer.text == "A single pixel."
    if ai.name == "openai":  # in the other dialect aimock records only the text
        assert base64.b64encode(PIXEL).decode() in str(aimock_server.requests()[-1]["messages"])


def test_a_stream_yields_pieces_of_text_and_ends_with_the_complete_response(ai):
    with ai.stream("tell me slowly") as stream:
        pieces = list(stream)

    assert len(pieces) > 3
    assert "".join(pieces) == stream.completion.text == "one two three four five six"
    assert stream.completion.cost_usd == COST[ai.name]
    assert [item["outcome"] for item in ai.host.spent()] == ["ok"]


def test_a_rate_limit_has_its_retry_after(ai):
    with pytest.raises(RateLimited) as caught:
        ai.generate("slow down")

    assert caught.value.retry_after == 1
    assert ai.host.spent() == []


def test_a_stream_raises_the_same_errors_as_a_call(ai):
    with pytest.raises(RateLimited) as caught:
        list(ai.stream("slow down"))

    assert caught.value.retry_after == 1


def test_a_failed_request_is_unavailable_and_not_retried(ai, aimock_server):
    before = len(aimock_server.requests())

    with pytest.raises(Unavailable):
        ai.generate("fall over")

    assert len(aimock_server.requests()) == before + 1


def test_a_stream_that_breaks_off_is_unavailable_and_its_input_is_charged(ai):
    read = []

    with pytest.raises(Unavailable):
        read.extend(ai.stream("break off"))

    (spent,) = ai.host.spent()
    assert read
    assert "".join(read) != "one two three four five six"
    assert spent["outcome"] == "PROVIDER_UNAVAILABLE"
    assert (spent["is_estimated"], spent["nano_usd"] > 0, spent["output_tokens"] > 0) == (True, True, True)


def test_an_unknown_question_is_refused_by_aimock(ai):
    with pytest.raises(Unavailable):
        ai.generate("nothing in the fixtures matches this")


def test_images_are_generated_and_priced(aimock_server):
    ai = OpenAI.create(credentials={"api_key": "any-key"}, base_url=aimock_server.openai_url)

    made = ai.generate_images("a wren on a fence")

    ai.close()
    assert [(image.content, image.media_type) for image in made.images] == [(PIXEL, "image/png")]
    assert (made.model, made.usage.images, made.cost_usd) == ("gpt-image-2.6-flare", 1, 0.013)
