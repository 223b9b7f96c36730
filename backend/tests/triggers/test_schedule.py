from datetime import UTC, datetime, timedelta, timezone

import pytest

from wren_backend.triggers.schedule import MAX_CATCH_UP, ScheduleTrigger, read_misfire
from wren_core.errors import AgentFixableError, InvalidInput

SCHEDULE = ScheduleTrigger()
DUE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def plan(cron, *, now, due_at=DUE, **config):
    return SCHEDULE.plan({"cron": cron, **config}, due_at=due_at, now=now)


def times(found):
    return [item.scheduled_for for item in found.fires]


def check(cron, *, min_interval=MINUTE, **config):
    SCHEDULE.check("daily", {"cron": cron, **config}, now=DUE, min_interval=min_interval)


def test_a_schedule_on_time_fires_once_and_moves_to_the_next_minute():
    found = plan("* * * * *", now=DUE + timedelta(seconds=1))

    assert times(found) == [DUE]
    assert found.missed == 0
    assert found.next_fire_at == DUE + MINUTE


def test_the_event_of_a_schedule_tells_its_times_and_its_expression():
    now = DUE + timedelta(seconds=1)

    (fire,) = plan("* * * * *", now=now, timezone="Europe/Berlin").fires

    assert (fire.event["trigger"], fire.event["cron"], fire.event["timezone"]) == (
        *("schedule", "* * * * *", "Europe/Berlin"),
    )
    assert datetime.fromisoformat(fire.event["scheduled_for"]) == DUE
    assert datetime.fromisoformat(fire.event["fired_at"]) == now


def test_a_fire_time_is_one_event_in_whatever_zone_it_is_written():
    elsewhere = DUE.astimezone(timezone(timedelta(hours=9)))

    keys = [plan("* * * * *", due_at=due_at, now=DUE).fires[0].key for due_at in (DUE, elsewhere)]

    assert keys == ["2026-03-01T12:00:00+00:00"] * 2


@pytest.mark.parametrize(
    ("misfire", "fired", "missed"),
    [("latest", 1, 180), ("skip", 1, 180), ("all", MAX_CATCH_UP, 181 - MAX_CATCH_UP)],
)
def test_three_hours_down_with_a_minutely_schedule_is_bounded_and_counted(misfire, fired, missed):
    now = DUE + timedelta(hours=3, seconds=2)

    found = plan("* * * * *", now=now, misfire=misfire)

    assert (len(found.fires), found.missed) == (fired, missed)
    assert times(found)[-1] == DUE + timedelta(hours=3)
    assert found.next_fire_at == DUE + timedelta(hours=3, minutes=1)


@pytest.mark.parametrize(("misfire", "fired"), [("latest", 1), ("skip", 0), ("all", 3)])
def test_an_hourly_schedule_that_is_only_late_obeys_its_policy(misfire, fired):
    found = plan("0 * * * *", now=DUE + timedelta(hours=2, minutes=30), misfire=misfire)

    assert (len(found.fires), found.missed) == (fired, 3 - fired)


def test_all_fires_the_earliest_first():
    found = plan("0 * * * *", now=DUE + timedelta(hours=2, minutes=30), misfire="all")

    assert times(found) == [DUE, DUE + timedelta(hours=1), DUE + timedelta(hours=2)]


def test_the_repeated_hour_of_autumn_fires_a_daily_schedule_once():
    first = datetime(2026, 11, 1, 5, 30, tzinfo=UTC)

    found = plan("30 1 * * *", timezone="America/New_York", due_at=first, now=first + timedelta(seconds=1))

    assert found.next_fire_at == datetime(2026, 11, 2, 6, 30, tzinfo=UTC)


def test_the_first_fire_time_is_in_the_schedules_own_time_zone():
    config = {"cron": "0 9 * * *", "timezone": "Europe/Berlin"}

    assert SCHEDULE.first_due(config, datetime(2026, 3, 1, tzinfo=UTC)) == datetime(2026, 3, 1, 8, tzinfo=UTC)


def test_an_unknown_misfire_policy_is_refused_with_an_example():
    with pytest.raises(InvalidInput, match=r"'often' is not valid.*for example latest"):
        read_misfire({"misfire": "often"})
    with pytest.raises(InvalidInput, match="'often' is not valid"):
        check("0 9 * * *", misfire="often")


def test_a_broken_cron_is_refused_with_field_value_and_example():
    with pytest.raises(InvalidInput, match=r"minute '61' is not valid: expected 0-59; for example \*/15"):
        check("61 9 * * *")


def test_a_schedule_below_the_shortest_interval_is_refused():
    check("* * * * *")

    with pytest.raises(AgentFixableError) as caught:
        check("* * * * *", min_interval=timedelta(minutes=5))

    assert caught.value.code == "SCHEDULE_TOO_FREQUENT"
    assert caught.value.message.startswith("daily is scheduled every 60 s")


def test_a_configuration_gets_its_defaults_and_loses_what_a_schedule_does_not_know():
    given = {"cron": "0 9 * * *", "misfire": "all", "colour": "red"}

    assert SCHEDULE.normalize(given) == {"cron": "0 9 * * *", "timezone": "UTC", "misfire": "all"}


@pytest.mark.parametrize("config", [{}, {"cron": 7}, {"cron": None}])
def test_a_schedule_without_a_cron_expression_is_refused(config):
    with pytest.raises(ValueError, match="a schedule needs a `cron` in its config"):
        SCHEDULE.normalize(config)
