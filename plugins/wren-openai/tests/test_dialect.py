import base64
import json

import pytest

from wren_core.ai.records import ChatMessage, ToolResult
from wren_core.errors import InvalidInput, Rejected, Unavailable
from wren_core.testing import Chunks
from wren_openai import OpenAI
from wren_openai.fake import PIXEL, FakeOpenAI

PNG = b"\x89PNG\r\n\x1a\n rest"
TOOL = {"name": "weather", "description": "Tell the weather.", "input_schema": {"type": "object", "properties": {}}}
OWN = {"id": "llama", "capabilities": ["text", "vision", "tools", "image_generation"]}


def sent(fake):
    return fake.requests[-1].json()


def completion(message=None, *, reason="stop", usage=None):
    base = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": usage}
    choice = {"index": 0, "message": {"role": "assistant", "content": "Hi", **(message or {})}, "finish_reason": reason}
    return {**base, "choices": [choice]}


def chunk(delta, reason=None):
    base = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return f"data: {json.dumps({**base, 'choices': [{'index': 0, 'delta': delta, 'finish_reason': reason}]})}\n\n"


def test_a_prompt_is_answered_and_priced(ai, fake):
    fake.model.say("Paris", when="capital")

    answer = ai.generate("What is the capital of France?", system="Be brief.")

    assert (answer.text, answer.model, answer.stop_reason) == ("Paris", "gpt-6.1-terra", "end")
    assert (answer.usage.input_tokens, answer.usage.output_tokens, answer.cost_usd) == (10, 2, 2e-05)
    assert fake.requests[-1].token == fake.key


def test_the_request_contains_only_the_given_options(ai, fake):
    ai.generate("Hi")
    plain = sent(fake)
    ai.generate("Hi", system="Be kind.", max_tokens=7, temperature=0.5, model="gpt-4.1", tools=[TOOL])

    function = {"name": "weather", "description": "Tell the weather.", "parameters": TOOL["input_schema"]}
    assert plain == {"model": "gpt-6.1-terra", "messages": [{"role": "user", "content": "Hi"}]}
    assert sent(fake) == {
        "model": "gpt-4.1",
        "messages": [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}],
        "max_completion_tokens": 7,
        "temperature": 0.5,
        "tools": [{"type": "function", "function": function}],
    }


def test_reasoning_is_disabled_for_models_that_cannot_combine_it_with_tools(ai, fake):
    ai.generate("Hi", tools=[TOOL])

    assert sent(fake)["reasoning_effort"] == "none"


def test_a_model_without_tools_in_this_api_is_not_chosen_for_them(ai, fake):
    with pytest.raises(InvalidInput, match="sol cannot call tools"):
        ai.generate("Hi", tools=[TOOL], model="gpt-6.1-sol")

    assert fake.requests == []


def test_a_compatible_server_gets_the_old_parameter_for_max_tokens(fake_server, connect):
    fake_server.fake = fake = FakeOpenAI(models=("llama",))

    answer = connect(models=[OWN], model="llama").generate("Hi", max_tokens=7)

    assert (sent(fake)["max_tokens"], answer.cost_usd) == (7, None)


def test_the_base_url_in_the_settings_takes_precedence(fake, fake_server):
    settings = {"base_url": f"{fake_server.url}/v1"}
    ai = OpenAI.create(settings, credentials={"api_key": fake.key}, base_url="http://127.0.0.1:9")

    text = ai.generate("Hi").text
    ai.close()

    assert text == "You said: Hi"
    assert fake.requests[-1].path == "/v1/chat/completions"


def test_images_go_as_data_urls(ai, fake):
    ai.generate("What is this?", images=[PNG])

    text, image = sent(fake)["messages"][0]["content"]
    assert text["text"] == "What is this?"
    assert image["image_url"]["url"] == f"data:image/png;base64,{base64.b64encode(PNG).decode()}"


def test_a_tool_is_called_and_its_result_is_sent_back(ai, fake):
    fake.model.call("weather", {"city": "Rome"}, when="weather")

    asked = ai.generate("weather?", tools=[TOOL])
    (call,) = asked.tool_calls
    results = [ToolResult(id=call.id, content="none", is_error=True)]
    ai.generate(
        messages=[
            ChatMessage(role="user", text="weather?"),
            asked.as_message(),
            ChatMessage(role="user", tool_results=results),
        ],
        tools=[TOOL],
    )

    said, returned = sent(fake)["messages"][1:]
    assert (asked.stop_reason, call.arguments) == ("tool_use", {"city": "Rome"})
    assert json.loads(said["tool_calls"][0]["function"]["arguments"]) == {"city": "Rome"}
    assert said["content"] is None
    assert returned == {"role": "tool", "tool_call_id": call.id, "content": "Error: none"}


def test_arguments_that_are_not_json_are_returned_as_unparsed(ai, fake):
    call = {"id": "1", "type": "function", "function": {"name": "weather", "arguments": '{"city": '}}
    fake.fail_next(200, body=completion({"content": None, "tool_calls": [call]}, reason="tool_calls"))

    assert ai.generate("Hi").tool_calls[0].arguments == {"unparsed": '{"city": '}


@pytest.mark.parametrize(
    ("message", "reason", "told"),
    [
        ({}, "stop", ("Hi", "end")),
        ({}, "length", ("Hi", "max_tokens")),
        ({}, "content_filter", ("Hi", "refusal")),
        ({}, "something_new", ("Hi", "other")),
        ({"content": None, "refusal": "I will not."}, "stop", ("I will not.", "refusal")),
    ],
)
def test_the_stop_reason_of_a_response_is_reported(ai, fake, message, reason, told):
    fake.fail_next(200, body=completion(message, reason=reason))

    answer = ai.generate("Hi")

    assert (answer.text, answer.stop_reason) == told


def test_cached_input_is_cheaper(ai, fake):
    usage = {"prompt_tokens": 1000, "completion_tokens": 0, "total_tokens": 1000}
    fake.fail_next(200, body=completion(usage={**usage, "prompt_tokens_details": {"cached_tokens": 900}}))

    found = ai.generate("Hi")

    assert (found.usage.cached_input_tokens, found.cost_usd) == (900, (100 * 1 + 900 * 0.05) / 10**6)


def test_usage_is_estimated_for_a_server_that_reports_none(ai, fake):
    fake.fail_next(200, body=completion())

    assert ai.generate("Hi").usage.is_estimated is True


def test_a_long_prompt_has_the_price_for_long_prompts(ai, fake):
    usage = {"prompt_tokens": 272_001, "completion_tokens": 1000, "total_tokens": 273_001}
    fake.fail_next(200, body=completion(usage=usage))

    assert ai.generate("Hi").cost_usd == pytest.approx((272_001 * 2 + 1000 * 7.5) / 10**6)


def test_a_stream_yields_text_and_ends_with_the_complete_response(ai, fake):
    fake.model.say("one two three")

    with ai.stream("count") as stream:
        pieces = list(stream)

    assert pieces == ["one", " two", " three"]
    assert (stream.completion.text, stream.completion.usage.output_tokens) == ("one two three", 4)
    assert sent(fake)["stream_options"] == {"include_usage": True}


def test_a_streamed_tool_call_is_joined_from_its_fragments(ai, fake):
    fragments = [
        chunk({"tool_calls": [{"index": 0, "id": "1", "function": {"name": "weather", "arguments": ""}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"city":'}}]}),
        chunk({"tool_calls": [{"index": 1, "id": "2", "function": {"name": "other", "arguments": "{}"}}]}),
        chunk({"tool_calls": [{"index": 0, "function": {"arguments": ' "Rome"}'}}]}),
        chunk({}, "tool_calls"),
        "data: [DONE]\n\n",
    ]
    fake.fail_next(200, body=Chunks(parts=fragments))

    with ai.stream("weather?") as stream:
        list(stream)

    calls = [(call.id, call.name, call.arguments) for call in stream.completion.tool_calls]
    assert calls == [("1", "weather", {"city": "Rome"}), ("2", "other", {})]


def test_a_stream_whose_connection_breaks_is_unavailable(ai, fake):
    fake.model.say("one two three", cut_after=2)
    read = []

    with pytest.raises(Unavailable):
        read.extend(ai.stream("count"))

    assert read == ["one", " two"]


def test_a_stream_that_ends_too_early_is_unavailable(ai, fake):
    fake.fail_next(200, body=Chunks(parts=[chunk({"content": "half"})]))

    with pytest.raises(Unavailable, match="broke off"):
        list(ai.stream("count"))


def test_images_are_priced_by_the_servers_token_count(ai, fake):
    made = ai.generate_images("a wren", count=2, quality="hd")

    assert [(image.content, image.media_type) for image in made.images] == [(PIXEL, "image/png")] * 2
    assert made.cost_usd == pytest.approx((2 * 5 + 878 * 30) / 10**6)
    assert (sent(fake)["quality"], sent(fake)["n"]) == ("high", 2)
    assert fake.drawn == ["a wren", "a wren"]


def test_a_compatible_server_is_asked_for_base64_images(fake_server, connect):
    fake_server.fake = fake = FakeOpenAI(models=("llama",))
    ai = connect(models=[OWN])

    ai.generate_image("a wren", modelId="llama")
    fake.fail_next(200, body={"created": 1, "data": [{"url": "http://elsewhere/1.png"}]})
    with pytest.raises(Rejected, match="URL of an image"):
        ai.generate_image("a wren", modelId="llama")

    assert sent(fake)["response_format"] == "b64_json"
    assert "quality" not in sent(fake)
