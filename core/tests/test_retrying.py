import pytest

from wren_core.errors import RateLimited, Rejected, Unavailable
from wren_core.retrying import Attempts, send_again

DOWN, REFUSED = Unavailable("down"), Unavailable("refused", nothing_done=True)


def script_of(*outcomes: Exception | str):
    remaining = list(outcomes)

    def send() -> str:
        outcome = remaining.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return send


@pytest.mark.parametrize("repeatable", [True, False])
def test_a_rate_limit_is_waited_for_as_long_as_the_pauses_fit(repeatable):
    attempts = Attempts(repeatable=repeatable, wait_seconds=10)

    pauses = [attempts.pause_after(RateLimited("slow down", 4), elapsed=0) for _ in range(3)]

    assert pauses == [4, 4, None]


def test_a_limit_without_a_pause_is_waited_for_longer_each_time():
    attempts = Attempts(repeatable=False, wait_seconds=4)

    assert [attempts.pause_after(RateLimited("slow down"), elapsed=0) for _ in range(4)] == [0.5, 1.0, 2.0, None]


def test_a_limit_in_the_middle_of_a_write_is_not_waited_for():
    error = RateLimited("half of it was done", 1, nothing_done=False)

    assert Attempts(repeatable=False).pause_after(error, elapsed=0) is None


@pytest.mark.parametrize("error", [DOWN, REFUSED])
def test_another_failure_of_a_write_is_final(error):
    assert Attempts(repeatable=False).pause_after(error, elapsed=0) is None


def test_a_read_is_tried_twice_more_within_its_time():
    attempts = Attempts(repeatable=True)

    assert [attempts.pause_after(DOWN, elapsed=0) for _ in range(3)] == [0.5, 1.0, None]
    assert Attempts(repeatable=True).pause_after(DOWN, elapsed=5) is None


def test_waits_between_attempts_and_returns_the_answer():
    naps: list[float] = []

    found = send_again(script_of(RateLimited("wait", 2), DOWN, "fine"), Attempts(repeatable=True), sleep=naps.append)

    assert (found, naps) == ("fine", [2, 0.5])


def test_a_permanent_refusal_ends_it():
    with pytest.raises(Rejected):
        send_again(script_of(DOWN, Rejected("no"), "fine"), Attempts(repeatable=True), sleep=lambda _: None)


def test_after_an_attempt_with_an_unknown_outcome_nothing_proves_that_nothing_was_done():
    refused = Unavailable("refused", nothing_done=True)

    with pytest.raises(Unavailable) as caught:
        send_again(script_of(Unavailable("lost"), refused, refused), Attempts(repeatable=True), sleep=lambda _: None)

    assert caught.value.nothing_done is False
