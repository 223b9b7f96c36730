from datetime import date, datetime, timedelta
from uuid import UUID

import pytest

from wren.checks.readable import explain_unreadable
from wren_core.contract.methods import Method, method


class Finder:
    @method
    def find(
        self,
        since: datetime | None = None,
        day: date | None = None,
        last: timedelta | None = None,
        key: UUID | None = None,
    ) -> str:
        """Find something."""
        return f"{since}{day}{last}{key}"


METHOD: Method = vars(Finder)["find"]


@pytest.mark.parametrize(
    ("parameter", "value", "expected"),
    [
        (
            "since",
            "yesterday",
            "expected a date-time such as 2026-03-01T09:00:00+00:00, or a datetime",
        ),
        ("since", "2026-13-45", "expected a date-time such as"),
        ("since", "-1d", "expected a date-time such as"),
        ("day", "tomorrow", "expected a date such as 2026-03-01, or a date, got 'tomorrow'"),
        ("last", "1 day ago", "expected a duration such as P1D, or a timedelta"),
        ("key", "17", "Input should be a valid UUID"),
    ],
)
def test_a_text_that_is_no_date_is_found(parameter, value, expected):
    assert (explain_unreadable(METHOD, parameter, value) or "").startswith(expected)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("since", "2026-03-01T09:00:00Z"),
        ("since", "2026-03-01"),
        ("since", None),
        ("day", "2026-03-01"),
        ("last", "P1D"),
        ("last", "PT3H"),
        ("key", "12345678-1234-5678-1234-567812345678"),
        ("unknown", "x"),
    ],
)
def test_a_text_that_the_type_reads_is_fine(parameter, value):
    assert explain_unreadable(METHOD, parameter, value) is None
