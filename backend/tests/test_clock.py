from datetime import UTC, datetime, timedelta, timezone

import pytest

from wren_backend.clock import ManualClock, SystemClock


def test_the_system_clock_tells_utc():
    before = datetime.now(UTC)

    assert before <= SystemClock().now() <= datetime.now(UTC)
    assert SystemClock().now().tzinfo is UTC


def test_the_manual_clock_moves_when_told_forwards_and_backwards():
    clock = ManualClock(datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9))))

    assert clock.now() == clock.now() == datetime(2026, 1, 1, tzinfo=UTC)
    assert clock.advance(timedelta(hours=1)) == clock.now() == datetime(2026, 1, 1, 1, tzinfo=UTC)
    assert clock.advance(timedelta(hours=-2)) == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_the_manual_clock_refuses_a_naive_start():
    with pytest.raises(ValueError, match="aware"):
        ManualClock(datetime(2026, 1, 1))
