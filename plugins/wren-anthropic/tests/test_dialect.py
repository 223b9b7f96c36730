import base64
import json

import pytest

from wren_core.ai.records import ChatMessage, ToolResult
from wren_core.errors import Unavailable
from wren_core.testing import Chunks

PNG = b"\x89PNG\r\n\x1a\n rest"
TOOL = {"name": "weather", "description": "Tell the weather.", "input_schema": {"type": "object", "properties": {}}}


def sent(fake):
    return fake.requests[-1].json()


def answer(fake, body):
    """Answer the next request with this response."""
    fake.fail_next(200, body=body)


def message(**fields):
    usage = {"input_tokens": 10, "output_tokens": 5}
    base = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_sequence": None, "usage": usage}
    return {**base, "content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn", **fields}


def test_a_prompt_is_answered_and_priced(claude, fake):
    fake.model.say("Paris", when="capital")

    answer = claude.generate("What is the capital of France?", system="Be brief.")

    assert (answer.text, answer.model, answer.stop_reason) == ("Paris", "claude-sonnet-5-5", "end")
    # 30 + 9 bytes of input, 5 + 2 of output; $2 and $10 per million.
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.cost_usd) == (10, 2, 4e-05)
    assert fake.requests[-1].token == fake.key


def test_the_request_contains_only_the_given_options(claude, fake):
    claude.generate("Hi")
    plain = sent(fake)
    claude.generate("Hi", system="Be kind.", max_tokens=7, temperature=0.5, model="claude-haiku-4-5", tools=[TOOL])

    assert plain == {
        "model": "claude-sonnet-5-5",
        "max_tokens": 16000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    }
    assert sent(fake) == {
        **plain,
        "model": "claude-haiku-4-5",
        "system": "Be kind.",
        "max_tokens": 7,
        "temperature": 0.5,
        "tools": [TOOL],
    }


def test_max_tokens_is_limited_to_the_models_maximum(connect, fake):
    connect(models=[{"id": "claude-haiku-4-5", "max_tokens": 900}]).generate("Hi", model="claude-haiku-4-5")

    assert sent(fake)["max_tokens"] == 900


def test_images_go_as_base64_with_their_type(claude, fake):
    claude.generate("What is this?", images=[PNG])

    image, text = sent(fake)["messages"][0]["content"]
    assert image["source"] == {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PNG).decode()}
    assert text["text"] == "What is this?"


def test_a_tool_is_called_and_its_result_is_sent_back(claude, fake):
    fake.model.call("weather", {"city": "Rome"}, when="weather")

    asked = claude.generate("weather?", tools=[TOOL])
    (call,) = asked.tool_calls
    results = [ToolResult(id=call.id, content="none", is_error=True)]
    claude.generate(
        messages=[
            ChatMessage(role="user", text="weather?"),
            asked.as_message(),
            ChatMessage(role="user", tool_results=results),
        ],
        tools=[TOOL],
    )

    assert (asked.stop_reason, call.arguments) == ("tool_use", {"city": "Rome"})
    assert sent(fake)["messages"][1:] == [
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": call.id, "name": "weather", "input": {"city": "Rome"}}],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "none", "is_error": True}],
        },
    ]


def test_signed_reasoning_is_sent_back_unchanged(claude, fake):
    thinking = {"type": "thinking", "thinking": "hm", "signature": "s1gned"}
    answer(fake, message(content=[thinking, {"type": "text", "text": "Hi"}]))

    first = claude.generate("Hello")
    claude.generate("And?", messages=[ChatMessage(role="user", text="Hello"), first.as_message()])

    assert first.text == "Hi"
    assert sent(fake)["messages"][1] == {"role": "assistant", "content": [thinking, {"type": "text", "text": "Hi"}]}


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("end_turn", "end"),
        ("stop_sequence", "end"),
        ("max_tokens", "max_tokens"),
        ("model_context_window_exceeded", "max_tokens"),
        ("refusal", "refusal"),
        ("pause_turn", "other"),
        ("something_new", "other"),
    ],
)
def test_the_stop_reason_of_a_response_is_reported(claude, fake, reason, told):
    answer(fake, message(stop_reason=reason))

    assert claude.generate("Hi").stop_reason == told


def test_cached_tokens_count_as_input_at_their_own_price(claude, fake):
    used = {"input_tokens": 100, "cache_read_input_tokens": 1000, "cache_creation_input_tokens": 50, "output_tokens": 0}
    answer(fake, message(usage=used))

    found = claude.generate("Hi")

    assert (found.usage.input_tokens, found.usage.cached_input_tokens) == (1150, 1000)
    assert found.cost_usd == (150 * 2 + 1000 * 0.2) / 10**6


def test_a_stream_yields_text_and_ends_with_the_complete_response(claude, fake):
    fake.model.say("one two three")

    with claude.stream("count") as stream:
        pieces = list(stream)

    assert pieces == ["one", " two", " three"]
    assert stream.completion.text == "one two three"
    assert stream.completion.usage.output_tokens == 4
    assert sent(fake)["stream"] is True


def test_a_streamed_tool_call_is_complete(claude, fake):
    fake.model.call("weather", {"city": "Rome"})

    with claude.stream("weather?", tools=[TOOL]) as stream:
        list(stream)

    assert stream.completion.tool_calls[0].arguments == {"city": "Rome"}


def test_a_stream_whose_connection_breaks_is_unavailable(claude, fake):
    fake.model.say("one two three", cut_after=2)
    read = []

    with pytest.raises(Unavailable, match="closed connection"):
        read.extend(claude.stream("count"))

    assert read == ["one", " two"]


def test_a_stream_that_ends_too_early_is_unavailable(claude, fake):
    start = {"type": "message_start", "message": message(content=[], stop_reason=None)}
    event = f"event: message_start\ndata: {json.dumps(start)}\n\n"
    fake.fail_next(200, body=Chunks(parts=[event]))

    with pytest.raises(Unavailable, match="broke off"):
        list(claude.stream("count"))
