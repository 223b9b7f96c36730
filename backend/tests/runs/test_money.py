from datetime import UTC, datetime, timedelta, timezone

import pytest

from wren_backend.runs.money import in_nanos, in_usd, month_of

MARCH, APRIL = "2026-03", "2026-04"


@pytest.mark.parametrize(
    ("moment", "month"),
    [
        (datetime(2026, 3, 1, tzinfo=UTC), MARCH),
        (datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC), MARCH),
        (datetime(2026, 4, 1, 1, 0, tzinfo=timezone(timedelta(hours=2))), MARCH),
        (datetime(2026, 3, 31, 23, 0, tzinfo=timezone(-timedelta(hours=2))), APRIL),
    ],
)
def test_a_month_is_one_of_utc(moment, month):
    assert month_of(moment) == month


def test_amounts_go_there_and_back():
    assert [in_usd(in_nanos(amount)) for amount in (0, 0.000000001, 7.5, 25)] == [0, 0.000000001, 7.5, 25]
