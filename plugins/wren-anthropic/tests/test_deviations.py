"""Compatible servers that deviate from the API: the answer is read, and what they say about errors is kept."""

import json

import pytest

from wren_core.errors import RateLimited, Rejected, Unavailable, WrenError
from wren_core.testing import Chunks

TOOL = {"name": "weather", "description": "Tell the weather.", "input_schema": {"type": "object", "properties": {}}}
REMOVED = "(removed)"


def message(**members):
    base = {"id": "m", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn"}
    whole = {**base, "content": [{"type": "text", "text": "Hi you"}], "usage": {"input_tokens": 3, "output_tokens": 4}}
    return {name: value for name, value in {**whole, **members}.items() if value is not REMOVED}


def events(*, start_usage=REMOVED, usage=REMOVED, reason="end_turn", ends=True, blocks=None):
    """Return the events of an answer."""
    yield {"type": "message_start", "message": message(content=[], stop_reason=None, usage=start_usage)}
    yield from blocks or (
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi "}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "you"}},
        {"type": "content_block_stop", "index": 0},
    )
    if reason:
        delta = {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}
        yield {name: value for name, value in delta.items() if value is not REMOVED}
    if ends:
        yield {"type": "message_stop"}


def streamed(found, *, named=True):
    return Chunks(parts=[f"{'event: ' + e['type'] + chr(10) if named else ''}data: {json.dumps(e)}\n\n" for e in found])


def read(claude, fake, body, **options):
    """Let the server answer with a body, or a stream, and return the completion."""
    fake.fail_next(200, body=body)
    if not isinstance(body, Chunks):
        return claude.generate("count", **options)
    with claude.stream("count", **options) as stream:
        list(stream)
    return stream.completion


USAGES = [REMOVED, None, {}, [], "none", {"input_tokens": None, "output_tokens": "many"}]


@pytest.mark.parametrize("usage", USAGES, ids=repr)
def test_an_answer_without_usage_has_its_text_and_an_estimate(claude, fake, usage):
    found = read(claude, fake, message(usage=usage))

    assert found.text == "Hi you"
    assert (found.usage.input_tokens, found.usage.output_tokens, found.usage.is_estimated) == (2, 2, True)


@pytest.mark.parametrize("start_usage", USAGES, ids=repr)
@pytest.mark.parametrize("usage", [*USAGES, {"output_tokens": 9}], ids=repr)
def test_a_stream_without_usage_has_its_text(claude, fake, start_usage, usage):
    found = read(claude, fake, streamed(events(start_usage=start_usage, usage=usage)))

    assert (found.text, found.stop_reason) == ("Hi you", "end")
    assert found.usage.output_tokens == (9 if usage == {"output_tokens": 9} else 2)
    assert found.usage.is_estimated


def test_usage_that_comes_at_the_end_alone_is_kept(claude, fake):
    found = read(claude, fake, streamed(events(usage={"input_tokens": 7, "output_tokens": 9})))

    assert (found.usage.input_tokens, found.usage.output_tokens, found.usage.is_estimated) == (7, 9, False)


@pytest.mark.parametrize("shape", [{"named": False}, {"named": True}])
@pytest.mark.parametrize("kept", [{"reason": None}, {"ends": False}, {}])
def test_an_end_is_found_by_either_sign(claude, fake, shape, kept):
    found = read(claude, fake, streamed(events(**kept), **shape))

    assert (found.text, found.stop_reason) == ("Hi you", "end")


def test_a_stream_without_any_end_broke_off(claude, fake):
    with pytest.raises(Unavailable, match="broke off"):
        read(claude, fake, streamed(events(reason=None, ends=False)))


@pytest.mark.parametrize("members", [{"content": "Hi you"}, {"type": REMOVED}, {"stop_reason": REMOVED}, {"id": None}])
def test_a_response_may_lack_what_is_not_needed(claude, fake, members):
    found = read(claude, fake, message(**members))

    assert (found.text, found.stop_reason) == ("Hi you", "end")


@pytest.mark.parametrize("given", [{"city": "Rome"}, '{"city": "Rome"}'])
def test_the_input_of_a_tool_may_be_text(claude, fake, given):
    block = {"type": "tool_use", "id": "t", "name": "weather", "input": given}

    found = read(claude, fake, message(content=[block], stop_reason=None), tools=[TOOL])

    assert (found.stop_reason, found.tool_calls[0].arguments) == ("tool_use", {"city": "Rome"})


def test_streamed_calls_and_text_stay_apart_without_starts_and_indexes(claude, fake):
    blocks = [
        {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "One moment."}},
        {
            "type": "content_block_start",
            "index": 1,
            "content_block": {"type": "tool_use", "id": "t", "name": "weather"},
        },
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '{"city": '}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "input_json_delta", "partial_json": '"Rome"}'}},
    ]

    found = read(claude, fake, streamed(events(blocks=blocks, reason="tool_use")), tools=[TOOL])

    assert (found.text, found.tool_calls[0].arguments) == ("One moment.", {"city": "Rome"})


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        ({"type": "error", "error": {"type": "overloaded_error", "message": "too busy now"}}, Unavailable),
        ({"type": "error", "error": {"type": "rate_limit_error", "message": "too busy now"}}, RateLimited),
        ({"error": {"type": "invalid_request_error", "message": "too busy now"}}, Rejected),
        ({"error": "too busy now"}, Unavailable),
        ({"type": "error", "message": "too busy now"}, Unavailable),
    ],
)
@pytest.mark.parametrize("is_stream", [False, True])
def test_an_error_in_an_answer_of_status_200_is_raised_in_its_words(claude, fake, error, verdict, is_stream):
    body = Chunks(parts=[f"data: {json.dumps(error)}\n\n"]) if is_stream else error

    with pytest.raises(verdict, match="too busy now"):
        read(claude, fake, body)


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, [None], {"odd": 1}], ids=repr)
@pytest.mark.parametrize("place", range(6))
@pytest.mark.parametrize("member", ["message", "content_block", "delta", "index", "usage"])
def test_no_odd_member_of_an_event_is_a_fault_of_wren(claude, fake, odd, place, member):
    found = [dict(event) for event in events()]
    found[place][member] = odd

    try:
        outcome = read(claude, fake, streamed(found)).stop_reason
    except WrenError as exc:
        outcome = exc.code

    assert outcome in ("end", "other", "PROVIDER_UNAVAILABLE")


@pytest.mark.parametrize("odd", [None, 7, "x", [], {}, [None], {"odd": 1}], ids=repr)
@pytest.mark.parametrize("member", ["id", "type", "role", "model", "content", "stop_reason", "usage"])
def test_no_odd_member_of_a_response_is_a_fault_of_wren(claude, fake, odd, member):
    try:
        outcome = read(claude, fake, message(**{member: odd})).stop_reason
    except WrenError as exc:
        outcome = exc.code

    assert outcome in ("end", "other", "PROVIDER_UNAVAILABLE")
