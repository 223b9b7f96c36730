"""Compatible servers that deviate from the API: the answer is read, and what they say about errors is kept."""

import json

import pytest

from wren_core.errors import AuthFailed, RateLimited, Rejected, Unavailable, WrenError
from wren_core.testing import Chunks

TOOL = {"name": "weather", "description": "Tell the weather.", "input_schema": {"type": "object", "properties": {}}}
OTHER = {**TOOL, "name": "time"}
ROME, PARIS = (
    {"name": "weather", "arguments": '{"city": "Rome"}'},
    {"name": "weather", "arguments": '{"city": "Paris"}'},
)


def completion(message, **members):
    choice = {"index": 0, "message": {"role": "assistant", "content": None, **message}, "finish_reason": "stop"}
    base = {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
    return {**base, "usage": {"prompt_tokens": 3, "completion_tokens": 4}, **members}


def streamed(*deltas, ending="data: [DONE]\n\n", reason="stop", **members):
    chunks = [{"choices": [{"index": 0, "delta": delta}], **members} for delta in deltas]
    if reason:
        chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]})
    return Chunks(parts=[*(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks), ending])


def read(ai, fake, body, **options):
    """Let the server answer with a body, or a stream, and return the completion."""
    fake.fail_next(200, body=body)
    if not isinstance(body, Chunks):
        return ai.generate("count", **options)
    with ai.stream("count", **options) as stream:
        list(stream)
    return stream.completion


PARTS = [
    [{"type": "text", "text": "Hi "}, {"type": "text", "text": "you"}],
    [{"type": "reasoning", "text": "hm"}, {"type": "output_text", "text": "Hi you"}],
    ["Hi ", "you"],
    [{"type": "text", "text": {"value": "Hi you"}}],
    {"type": "text", "text": "Hi you"},
]


@pytest.mark.parametrize("content", PARTS)
@pytest.mark.parametrize("wrap", [lambda content: completion({"content": content}), lambda c: streamed({"content": c})])
def test_content_may_be_a_list_of_parts(ai, fake, content, wrap):
    assert read(ai, fake, wrap(content)).text == "Hi you"


@pytest.mark.parametrize(
    "usage", [None, {}, [], "none", {"prompt_tokens": None, "completion_tokens": "many"}, {"total_tokens": 9}]
)
@pytest.mark.parametrize("is_stream", [False, True])
def test_missing_usage_is_estimated(ai, fake, usage, is_stream):
    body = streamed({"content": "Hi you"}, usage=usage) if is_stream else completion({"content": "Hi you"}, usage=usage)

    found = read(ai, fake, body)

    assert found.text == "Hi you"
    assert (found.usage.input_tokens, found.usage.output_tokens, found.usage.is_estimated) == (2, 2, True)
    assert found.cost_usd is not None


def test_usage_that_is_half_there_is_kept(ai, fake):
    usage = {"prompt_tokens": 100, "prompt_tokens_details": {"cached_tokens": 400}}

    found = read(ai, fake, completion({"content": "Hi you"}, usage=usage)).usage

    assert (found.input_tokens, found.cached_input_tokens, found.output_tokens, found.is_estimated) == (
        100,
        100,
        2,
        True,
    )


@pytest.mark.parametrize(
    "call",
    [
        {"id": "a", "function": ROME},
        {"id": "a", "type": None, "function": ROME},
        {"id": "a", "type": "tool", "index": 0, "function": ROME},
        {"id": "a", "function": {"name": "weather", "arguments": {"city": "Rome"}}},
    ],
)
@pytest.mark.parametrize("is_stream", [False, True])
def test_a_tool_call_needs_no_type(ai, fake, call, is_stream):
    message = {"tool_calls": [call]}

    found = read(ai, fake, streamed(message) if is_stream else completion(message), tools=[TOOL])

    assert [(item.id, item.name, item.arguments) for item in found.tool_calls] == [("a", "weather", {"city": "Rome"})]


@pytest.mark.parametrize("is_stream", [False, True])
def test_the_older_form_of_a_call_is_read(ai, fake, is_stream):
    message = {"function_call": ROME}

    found = read(ai, fake, streamed(message) if is_stream else completion(message), tools=[TOOL])

    assert [(item.name, item.arguments) for item in found.tool_calls] == [("weather", {"city": "Rome"})]


def parts_of(call_id, function, index, *, repeats=False):
    """Return the parts of a streamed call: its name, then its arguments in two pieces."""
    head, place = ({} if index is None else {"index": index}), len(function["arguments"]) // 2
    pieces = [function["arguments"][:place], function["arguments"][place:]]
    again = {"id": call_id} if repeats else {}
    named = {"name": function["name"]} if repeats else {}
    yield {"tool_calls": [{**head, "id": call_id, "function": {"name": function["name"], "arguments": ""}}]}
    for piece in pieces:
        yield {"tool_calls": [{**head, **again, "function": {**named, "arguments": piece}}]}


@pytest.mark.parametrize("indexes", [(0, 1), (0, 0), (None, None), (1, 1)])
@pytest.mark.parametrize("repeats", [False, True])
def test_two_streamed_calls_stay_apart(ai, fake, indexes, repeats):
    first, second = (
        list(parts_of(call_id, function, index, repeats=repeats))
        for call_id, function, index in zip("ab", (ROME, PARIS), indexes, strict=True)
    )

    found = read(ai, fake, streamed(*first, *second), tools=[TOOL])

    assert [(call.id, call.arguments["city"]) for call in found.tool_calls] == [("a", "Rome"), ("b", "Paris")]


def test_streamed_calls_that_come_in_turns_stay_apart(ai, fake):
    first, second = list(parts_of("a", ROME, 0)), list(parts_of("b", PARIS, 1))
    mixed = [part for pair in zip(first, second, strict=True) for part in pair]

    found = read(ai, fake, streamed(*mixed), tools=[TOOL])

    assert [call.arguments["city"] for call in found.tool_calls] == ["Rome", "Paris"]


def test_two_whole_calls_in_one_chunk_without_ids_stay_apart(ai, fake):
    calls = [{"index": 0, "function": ROME}, {"index": 0, "function": {"name": "time", "arguments": "{}"}}]

    found = read(ai, fake, streamed({"tool_calls": calls}), tools=[TOOL, OTHER])

    assert [call.name for call in found.tool_calls] == ["weather", "time"]


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        ({"error": {"message": "the model is overloaded", "type": "server_error", "code": 503}}, Unavailable),
        ({"error": {"message": "the model is overloaded"}}, Unavailable),
        ({"error": "the model is overloaded"}, Unavailable),
        ({"error": {"message": "the model is overloaded", "code": "rate_limit_exceeded"}}, RateLimited),
        ({"error": {"message": "the model is overloaded", "code": 401}}, AuthFailed),
        ({"error": {"message": "the model is overloaded", "code": "400"}}, Rejected),
        ({"object": "error", "message": "the model is overloaded", "code": 400}, Rejected),
    ],
)
@pytest.mark.parametrize("is_stream", [False, True])
def test_an_error_in_an_answer_of_status_200_is_raised_in_its_words(ai, fake, error, verdict, is_stream):
    body = Chunks(parts=[f"data: {json.dumps(error)}\n\n", "data: [DONE]\n\n"]) if is_stream else error

    with pytest.raises(verdict, match="the model is overloaded"):
        read(ai, fake, body)


@pytest.mark.parametrize("reason", [None, "stop"])
def test_a_stream_may_end_by_its_mark_alone(ai, fake, reason):
    found = read(ai, fake, streamed({"content": "Hi "}, {"content": "you"}, reason=reason))

    assert (found.text, found.stop_reason) == ("Hi you", "end")


def test_a_stream_of_calls_may_end_by_its_mark_alone(ai, fake):
    found = read(ai, fake, streamed(*parts_of("a", ROME, 0), reason=None), tools=[TOOL])

    assert (found.stop_reason, found.tool_calls[0].arguments) == ("tool_use", {"city": "Rome"})


def test_a_stream_without_its_mark_and_a_reason_broke_off(ai, fake):
    with pytest.raises(Unavailable, match="broke off"):
        read(ai, fake, streamed({"content": "Hi"}, reason=None, ending=": gone\n\n"))


ODD = [None, 7, "x", [], {}, [None], {"odd": 1}]


@pytest.mark.parametrize("odd", ODD, ids=repr)
@pytest.mark.parametrize(
    "member", ["choices", "message", "content", "tool_calls", "finish_reason", "usage", "function"]
)
@pytest.mark.parametrize("is_stream", [False, True])
def test_no_odd_member_is_a_fault_of_wren(ai, fake, odd, member, is_stream):
    turn = {"content": "Hi", "tool_calls": [{"id": "a", "function": odd if member == "function" else ROME}]}
    if member in turn:
        turn[member] = odd
    choice = {"finish_reason": odd if member == "finish_reason" else "stop"}
    choice["delta" if is_stream else "message"] = odd if member == "message" else turn
    body = {"choices": odd if member == "choices" else [choice], "usage": odd if member == "usage" else {}}
    sent = Chunks(parts=[f"data: {json.dumps(body)}\n\n", "data: [DONE]\n\n"]) if is_stream else body

    try:
        outcome = read(ai, fake, sent, tools=[TOOL]).stop_reason
    except WrenError as exc:
        outcome = exc.code

    assert outcome in ("end", "tool_use", "other", "PROVIDER_UNAVAILABLE")
