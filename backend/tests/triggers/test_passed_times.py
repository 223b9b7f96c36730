from datetime import UTC, datetime, timedelta
from itertools import takewhile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wren_backend.triggers.passed_times import count_between, latest_between
from wren_backend.triggers.schedule import MAX_CATCH_UP, ScheduleTrigger
from wren_core.schedule import CronSchedule

START = datetime(2024, 1, 1, tzinfo=UTC)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia")
EXPRESSIONS = (
    *("*/7 * * * *", "*/15 2 * * *", "30 2 * * *", "30 0 * * *", "0 */5 * * *", "0 0 * * *", "59 23 * * 0"),
    *("0 9 * * 1-5", "0 0 29 2 *", "0 3 L * *", "15 1 1,15 * 5", "5 4 * 3,10,11 *"),
)


def walk(schedule, start, end):
    return list(takewhile(lambda instant: instant <= end, schedule.instants(start)))


@settings(max_examples=60, deadline=None)
@given(
    expression=st.sampled_from(EXPRESSIONS),
    zone=st.sampled_from(ZONES),
    begin=st.datetimes(datetime(2009, 1, 1), datetime(2026, 12, 1)),
    days=st.integers(0, 250),
    minutes=st.integers(0, 1440),
    count=st.integers(1, 120),
)
def test_a_span_has_the_fire_times_that_a_walk_through_it_finds(expression, zone, begin, days, minutes, count):
    schedule = CronSchedule.parse(expression, zone)
    start = begin.replace(tzinfo=UTC)
    end = start + timedelta(days=days, minutes=minutes)
    passed = walk(schedule, start, end)

    assert count_between(schedule, start, end) == len(passed)
    assert latest_between(schedule, start, end, count) == passed[-count:]


def test_the_day_that_samoa_skipped_is_counted_as_a_walk_does():
    schedule = CronSchedule.parse("0 12 * * *", "Pacific/Apia")
    start, end = datetime(2011, 12, 1, tzinfo=UTC), datetime(2012, 1, 31, tzinfo=UTC)

    assert count_between(schedule, start, end) == len(walk(schedule, start, end))


@pytest.mark.parametrize(("misfire", "fired"), [("latest", 1), ("skip", 1), ("all", MAX_CATCH_UP)])
@pytest.mark.parametrize("pause", [timedelta(days=7), timedelta(days=365), timedelta(days=36_500)])
def test_a_pause_of_any_length_fires_the_latest_times_and_counts_all_others(misfire, fired, pause):
    now = START + pause + timedelta(seconds=5)

    plan = ScheduleTrigger().plan({"cron": "* * * * *", "misfire": misfire}, due_at=START, now=now)

    minute = timedelta(minutes=1)
    times = [fire.scheduled_for for fire in plan.fires]
    assert times == [START + pause - back * minute for back in reversed(range(fired))]
    assert plan.missed == pause // minute + 1 - fired
    assert plan.next_fire_at == START + pause + minute


def test_a_pause_of_years_costs_a_fraction_of_a_walk(monkeypatch):
    steps = []
    instants = CronSchedule.instants
    monkeypatch.setattr(
        CronSchedule, "instants", lambda self, now: (steps.append(now) or instant for instant in instants(self, now))
    )

    ScheduleTrigger().plan({"cron": "* * * * *"}, due_at=START, now=START + timedelta(days=3650))

    assert len(steps) < 5_000  # a walk through all has 5,256,000
