from datetime import UTC, datetime, timedelta

import pytest

from wren_core import InvalidInput
from wren_core.contract.execution import to_json
from wren_cron import Cron

BERLIN = "Europe/Berlin"
NEW_YEAR = datetime(2025, 1, 1, tzinfo=UTC)


@pytest.fixture
def cron():
    return Cron.create()


def test_a_schedule_is_described_in_english(cron):
    assert cron.describe("0 9 * * 1-5", BERLIN) == "At 09:00 on Monday through Friday (Europe/Berlin)"
    assert cron.describe("@hourly").endswith("(UTC)")


def test_the_next_runs_are_local_times_in_the_time_zone(cron):
    runs = cron.next_runs("0 9 * * *", BERLIN, count=2, after=datetime(2025, 3, 29, 12, tzinfo=UTC))

    assert to_json(cron, "next_runs", runs) == ["2025-03-30T09:00:00+02:00", "2025-03-31T09:00:00+02:00"]


def test_five_runs_are_listed_by_default(cron):
    assert len(cron.next_runs("@daily", after=NEW_YEAR)) == 5


def test_runs_after_now_are_listed_by_default(cron):
    now = datetime.now(UTC)

    (first,) = cron.next_runs("* * * * *", count=1)

    assert now < first <= now + timedelta(minutes=2)


def test_a_run_at_the_given_time_is_not_listed(cron):
    assert cron.next_runs("@daily", count=1, after=NEW_YEAR) == [NEW_YEAR + timedelta(days=1)]


@pytest.mark.parametrize(
    ("arguments", "pointer"),
    [
        ({"count": 0}, "/count"),
        ({"count": 101}, "/count"),
        ({"count": "3"}, "/count"),
        ({"after": "2025-01-01T00:00:00"}, "/after"),
    ],
)
def test_invalid_arguments_are_refused(cron, arguments, pointer):
    with pytest.raises(InvalidInput) as caught:
        cron.invoke("next_runs", {"expression": "@daily", **arguments})

    assert caught.value.details["pointer"] == pointer


@pytest.mark.parametrize("method_id", ["describe", "next_runs"])
@pytest.mark.parametrize(
    ("expression", "timezone", "field"), [("0 25 * * *", "UTC", "hour"), ("@daily", "Mars", "timezone")]
)
def test_an_invalid_schedule_raises_invalid_input(cron, method_id, expression, timezone, field):
    with pytest.raises(InvalidInput) as caught:
        cron.invoke(method_id, {"expression": expression, "timezone": timezone})

    assert (caught.value.code, caught.value.details["field"]) == ("CRON_INVALID", field)


@pytest.mark.parametrize("expression", ["0 9 * * mon-fri", "@Daily", "*/15 * * * *", "0 0 L * *"])
def test_a_valid_schedule_has_no_fault(cron, expression):
    verdict = cron.validate(expression, BERLIN)

    assert (verdict.valid, verdict.fault) == (True, None)


@pytest.mark.parametrize(
    ("expression", "timezone", "field", "value", "example"),
    [
        ("*/0 * * * *", "UTC", "minute", "*/0", "*/15"),
        ("0 9 * * 8", "UTC", "day of week", "8", "1-5"),
        ("0 0 30 2 *", "UTC", "cron", "0 0 30 2 *", "0 9 * * 1-5 (09:00 on working days)"),
        ("@daily", "Europe/Berln", "timezone", "Europe/Berln", "Europe/Berlin"),
    ],
)
def test_an_invalid_schedule_is_returned_with_its_field_value_and_an_example(
    cron, expression, timezone, field, value, example
):
    verdict = cron.validate(expression, timezone)

    assert not verdict.valid
    assert (verdict.fault.field, verdict.fault.value, verdict.fault.example) == (field, value, example)
    assert verdict.fault.expected in verdict.fault.message
