import gc

import pytest

from wren_core.ai.dialect import Reply
from wren_core.ai.records import Usage
from wren_core.ai.stream import StreamUnfinished
from wren_core.errors import HostUnavailable, InternalError, RateLimited, Unavailable

DONE = Reply(text="one two", stop_reason="end", usage=Usage(input_tokens=1000, output_tokens=200))


def test_pieces_come_one_by_one_and_the_whole_at_the_end(parrot, script, ledger):
    script.parts = ["one", " two", DONE]
    stream = parrot.stream("go")

    first = next(iter(stream))
    with pytest.raises(StreamUnfinished):
        _ = stream.completion
    rest = list(stream)

    assert (first, rest) == ("one", [" two"])
    assert (stream.completion.text, stream.completion.cost_usd) == ("one two", 0.006)
    assert [item["nano_usd"] for item in ledger.spent] == [6_000_000]


def test_no_request_is_sent_before_the_first_piece_is_read(parrot, script, ledger):
    parrot.stream("go")

    assert (script.asked, ledger.asked) == ([], [])


def test_observers_of_calls_get_a_stream_as_one_call(make, script):
    calls = []
    script.parts = ["one", DONE]

    list(make(on_call=calls.append).stream("go"))
    script.parts = [RateLimited("no")]
    with pytest.raises(RateLimited):
        list(make(on_call=calls.append).stream("go"))

    assert [(call.integration, call.method, call.outcome) for call in calls] == [
        ("parrot", "stream", "ok"),
        ("parrot", "stream", "RATE_LIMITED"),
    ]


def test_what_a_broken_stream_used_is_estimated_and_reported(parrot, script, ledger):
    script.parts = [Usage(input_tokens=700), "eight bytes of text", Unavailable("broke off")]

    with pytest.raises(Unavailable):
        list(parrot.stream("go"))

    (spent,) = ledger.spent
    assert (spent["input_tokens"], spent["output_tokens"], spent["is_estimated"]) == (700, 5, True)
    assert (spent["outcome"], spent["nano_usd"]) == ("PROVIDER_UNAVAILABLE", 700 * 3000 + 5 * 15_000)


def test_input_the_provider_never_counted_is_estimated(parrot, script, ledger):
    script.parts = ["text", Unavailable("broke off")]

    with pytest.raises(Unavailable):
        list(parrot.stream("sixteen letters."))

    assert (ledger.spent[0]["input_tokens"], ledger.spent[0]["output_tokens"]) == (4, 1)


def test_a_stream_that_ends_without_its_end_is_no_success(parrot, script, ledger):
    script.parts = ["half an answer"]

    with pytest.raises(Unavailable, match="too early"):
        list(parrot.stream("go"))

    assert ledger.spent[0]["outcome"] == "PROVIDER_UNAVAILABLE"


def test_a_stream_left_early_reports_what_was_read(parrot, script, ledger):
    script.parts = [Usage(input_tokens=700), "one", " two", DONE]

    with parrot.stream("go") as stream:
        next(iter(stream))

    assert [(item["outcome"], item["input_tokens"]) for item in ledger.spent] == [("CANCELLED", 700)]


def test_a_stream_that_is_forgotten_reports_what_was_read(parrot, script, ledger):
    script.parts = ["one", " two", DONE]

    for _ in parrot.stream("go"):
        break
    gc.collect()

    assert [item["outcome"] for item in ledger.spent] == ["CANCELLED"]


def test_a_stream_refused_before_its_first_piece_costs_nothing(parrot, script, ledger):
    script.parts = [RateLimited("slow down", 3)]

    with pytest.raises(RateLimited) as caught:
        list(parrot.stream("go"))

    assert (caught.value.retry_after, ledger.spent) == (3, [])


def test_what_a_dialect_raises_is_an_error_of_the_plugin_without_secrets(parrot, script):
    script.parts = [RuntimeError("k-123456")]

    with pytest.raises(InternalError) as caught:
        list(parrot.stream("go"))

    assert caught.value.code == "PLUGIN_RAISED"
    assert "k-123456" not in caught.value.message


def test_a_secret_in_a_verdict_is_hidden(parrot, script):
    script.parts = [Unavailable("the key k-123456 is not wanted here")]

    with pytest.raises(Unavailable, match=r"the key \*\*\* is"):
        list(parrot.stream("go"))


def test_the_reason_of_a_broken_stream_is_raised_even_when_its_report_fails(parrot, script, ledger):
    script.parts = ["text", Unavailable("broke off")]
    ledger.refusal["ai.spent"] = HostUnavailable("gone")

    with pytest.raises(Unavailable, match="broke off"):
        list(parrot.stream("go"))


def test_an_answer_whose_report_fails_is_a_failure(parrot, script, ledger):
    script.parts = ["text", DONE]
    ledger.refusal["ai.spent"] = HostUnavailable("gone")

    with pytest.raises(HostUnavailable):
        list(parrot.stream("go"))
