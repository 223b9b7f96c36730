"""An answer that never came whole: the provider may charge it, so its input is."""

import pytest

from wren_core.ai.refusals import AnswerLost, broken_off, refusal
from wren_core.errors import Unavailable

LOST = AnswerLost("no answer came")


class ConnectTimeout(Exception):
    """Named as HTTP libraries name it."""


def test_a_lost_answer_costs_at_least_its_input(parrot, ledger, script):
    script.parts = [LOST]

    with pytest.raises(AnswerLost):
        parrot.generate("a question of some length")

    (spent,) = ledger.spent
    assert (spent["outcome"], spent["is_estimated"], spent["output_tokens"]) == (LOST.code, True, 0)
    assert spent["input_tokens"] > 0
    assert spent["nano_usd"] > 0


def test_lost_images_cost_what_whole_ones_cost(parrot, ledger, script):
    script.parts = [LOST]

    with pytest.raises(AnswerLost):
        parrot.generate_images("a wren", count=3, quality="hd")

    assert [spent["nano_usd"] for spent in ledger.spent] == [240_000_000]


def test_a_stream_that_is_lost_before_its_first_piece_costs_its_input(parrot, ledger, script):
    script.parts = [LOST]

    with pytest.raises(Unavailable):
        list(parrot.stream("a question of some length"))

    assert [spent["nano_usd"] > 0 for spent in ledger.spent] == [True]


def test_a_provider_that_says_it_is_down_charges_nothing(parrot, ledger, script):
    script.parts = [Unavailable("down")]

    for call in (parrot.generate, lambda prompt: list(parrot.stream(prompt))):
        with pytest.raises(Unavailable):
            call("hi")

    assert ledger.spent == []


def test_a_failed_report_does_not_hide_a_lost_answer(parrot, ledger, script):
    script.parts = [LOST]
    ledger.refusal["ai.spent"] = Unavailable("the worker is gone")

    with pytest.raises(AnswerLost):
        parrot.generate("hi")


def test_a_request_that_was_never_sent_differs_from_one_without_an_answer():
    never_sent, never_answered = OSError("x"), OSError("x")
    never_sent.__cause__ = ConnectTimeout()

    assert type(broken_off(never_sent, "no")) is Unavailable
    assert type(broken_off(never_answered, "no")) is AnswerLost


@pytest.mark.parametrize("call", [lambda ai: ai.generate("hi"), lambda ai: list(ai.stream("hi"))])
def test_a_lost_answer_is_not_repeated_and_says_that_it_may_be_charged(parrot, script, call):
    script.parts = [AnswerLost("no answer came")]

    with pytest.raises(Unavailable, match="it may have been done and charged for") as caught:
        call(parrot)

    assert (caught.value.can_retry, caught.value.details["may_have_happened"]) == (False, True)


@pytest.mark.parametrize("call", [lambda ai: ai.generate("hi"), lambda ai: list(ai.stream("hi"))])
@pytest.mark.parametrize("failure", [refusal(503, "overloaded", integration="p", billing_url=""), OSError("x")])
def test_an_answer_that_refuses_leaves_no_doubt(parrot, script, call, failure):
    script.parts = [broken_off(raised_from(failure, ConnectTimeout()), "no") if type(failure) is OSError else failure]

    with pytest.raises(Unavailable) as caught:
        call(parrot)

    assert (caught.value.can_retry, "may_have_happened" in caught.value.details) == (True, False)


def raised_from(exc, cause):
    exc.__cause__ = cause
    return exc
