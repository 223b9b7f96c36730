from datetime import UTC, datetime, timedelta

import pytest

from wren_backend.scheduler.due import MAX_CATCH_UP, misfire_of, plan_fires
from wren_core.errors import InvalidInput
from wren_core.schedule import CronSchedule

MINUTELY = CronSchedule.parse("* * * * *")
DUE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def test_a_schedule_on_time_fires_once_and_moves_to_the_next_minute():
    plan = plan_fires(MINUTELY, due_at=DUE, now=DUE + timedelta(seconds=1))

    assert plan.fire == (DUE,)
    assert plan.missed == 0
    assert plan.next_fire_at == DUE + timedelta(minutes=1)


@pytest.mark.parametrize(
    ("misfire", "fired", "missed"),
    [("latest", 1, 180), ("skip", 1, 180), ("all", MAX_CATCH_UP, 181 - MAX_CATCH_UP)],
)
def test_three_hours_down_with_a_minutely_schedule_is_bounded_and_counted(misfire, fired, missed):
    now = DUE + timedelta(hours=3, seconds=2)

    plan = plan_fires(MINUTELY, due_at=DUE, now=now, misfire=misfire)

    assert (len(plan.fire), plan.missed) == (fired, missed)
    assert plan.fire[-1] == DUE + timedelta(hours=3)
    assert plan.next_fire_at == DUE + timedelta(hours=3, minutes=1)


@pytest.mark.parametrize(("misfire", "fired"), [("latest", 1), ("skip", 0), ("all", 3)])
def test_an_hourly_schedule_that_is_only_late_obeys_its_policy(misfire, fired):
    hourly = CronSchedule.parse("0 * * * *")
    now = DUE + timedelta(hours=2, minutes=30)

    plan = plan_fires(hourly, due_at=DUE, now=now, misfire=misfire)

    assert len(plan.fire) == fired
    assert len(plan.fire) + plan.missed == 3


def test_all_fires_the_earliest_first():
    hourly = CronSchedule.parse("0 * * * *")

    plan = plan_fires(hourly, due_at=DUE, now=DUE + timedelta(hours=2, minutes=30), misfire="all")

    assert plan.fire == (DUE, DUE + timedelta(hours=1), DUE + timedelta(hours=2))


def test_the_repeated_hour_of_autumn_fires_a_daily_schedule_once():
    schedule = CronSchedule.parse("30 1 * * *", "America/New_York")
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)

    plan = plan_fires(schedule, due_at=first, now=first + timedelta(seconds=1))

    assert plan.next_fire_at == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


def test_an_unknown_misfire_policy_is_refused_with_an_example():
    with pytest.raises(InvalidInput, match=r"'often' is not valid.*for example latest"):
        misfire_of({"misfire": "often"})
