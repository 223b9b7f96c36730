from datetime import UTC, datetime, timedelta

import pytest

from wren_backend.connections.authorization.attempts import AttemptLimit
from wren_core.errors import RateLimited

NOW = datetime(2026, 3, 2, 8, 30, tzinfo=UTC)


def test_a_caller_is_stopped_after_its_share_of_failures():
    limit = AttemptLimit(per_caller=3)
    for _ in range(3):
        limit.check("a", now=NOW)
        limit.fail("a", now=NOW)

    with pytest.raises(RateLimited) as caught:
        limit.check("a", now=NOW + timedelta(minutes=1))

    assert caught.value.retry_after == 240


def test_others_go_on():
    limit = AttemptLimit(per_caller=1)
    limit.fail("a", now=NOW)

    assert limit.check("b", now=NOW) is None


def test_failures_are_forgotten_after_the_window():
    limit = AttemptLimit(per_caller=1, window=timedelta(minutes=5))
    limit.fail("a", now=NOW)

    assert limit.check("a", now=NOW + timedelta(minutes=5)) is None


def test_all_together_have_a_share_too():
    limit = AttemptLimit(per_caller=10, in_all=3)
    for caller in "abc":
        limit.fail(caller, now=NOW)

    with pytest.raises(RateLimited):
        limit.check("d", now=NOW)


def test_memory_stays_bounded_however_many_callers_come():
    limit = AttemptLimit(callers=5, in_all=1000)
    for number in range(100):
        limit.fail(str(number), now=NOW)

    assert len(limit._failures) == 5
