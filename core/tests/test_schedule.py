import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from wren_core import InvalidInput
from wren_core.schedule import ALIASES, CronSchedule
from wren_core.testing.patience import patience

NEW_YORK = "America/New_York"
BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def fires(expression: str, timezone: str, start: str, end: str) -> list[str]:
    """List what fires in a span as a scheduler sees it: one question after another, each from the last answer."""
    schedule, now, found = CronSchedule.parse(expression, timezone), utc(start), []
    while (now := schedule.next_after(now)) <= utc(end):
        found.append(f"{now:%Y-%m-%dT%H:%M}")
    return found


def test_the_next_instant_is_in_utc():
    schedule = CronSchedule.parse("0 9 * * *", BERLIN)

    instant = schedule.next_after(utc("2025-01-15T12:00"))

    assert instant == utc("2025-01-16T08:00")
    assert instant.tzinfo is UTC


def test_weekday_one_is_monday():
    assert fires("0 9 * * 1", "UTC", "2025-03-01T00:00", "2025-03-10T23:00") == ["2025-03-03T09:00", "2025-03-10T09:00"]


def test_the_current_time_is_never_the_next_one():
    schedule = CronSchedule.parse("0 9 * * *")

    assert schedule.next_after(utc("2025-03-01T09:00")) == utc("2025-03-02T09:00")
    assert schedule.next_after(utc("2025-03-01T08:59:59.999999")) == utc("2025-03-01T09:00")


def test_upcoming_lists_the_next_instants_earliest_first():
    found = CronSchedule.parse("@hourly").upcoming(utc("2025-03-01T09:30"), 3)

    assert found == [utc("2025-03-01T10:00"), utc("2025-03-01T11:00"), utc("2025-03-01T12:00")]


@pytest.mark.parametrize(
    ("timezone", "day", "fired"),
    [(BERLIN, "2025-03-30", "2025-03-30T01:00"), (NEW_YORK, "2025-03-09", "2025-03-09T07:00")],
)
def test_a_time_that_the_clock_skips_fires_once(timezone, day, fired):
    assert fires("30 2 * * *", timezone, f"{day}T00:00", f"{day}T12:00") == [fired]


def test_a_time_of_day_stays_the_same_around_the_clock_change():
    assert fires("30 2 * * *", BERLIN, "2025-03-28T12:00", "2025-03-31T12:00") == [
        "2025-03-29T01:30",
        "2025-03-30T01:00",
        "2025-03-31T00:30",
    ]


@pytest.mark.parametrize(
    ("expression", "timezone", "day", "fired"),
    [
        ("30 1 * * *", NEW_YORK, "2025-11-02", "2025-11-02T05:30"),
        ("30 2 * * *", BERLIN, "2025-10-26", "2025-10-26T00:30"),
    ],
)
def test_a_time_the_clock_repeats_fires_once(expression, timezone, day, fired):
    assert fires(expression, timezone, f"{day}T00:00", f"{day}T12:00") == [fired]


@pytest.mark.parametrize("now", ["2025-10-26T01:00", "2025-10-26T01:10", "2025-10-26T01:30", "2025-10-26T01:59"])
def test_in_the_repeated_hour_the_next_instant_is_never_in_the_past(now):
    schedule = CronSchedule.parse("30 2 * * *", BERLIN)

    assert schedule.next_after(utc(now)) == utc("2025-10-27T01:30")
    assert all(instant > utc(now) for instant in schedule.upcoming(utc(now), 3))


@pytest.mark.parametrize("day", ["2025-03-30", "2025-10-26"])
def test_every_fifteen_minutes_fires_each_real_quarter_hour(day):
    schedule = CronSchedule.parse("*/15 * * * *", BERLIN)

    instants = schedule.upcoming(utc(f"{day}T00:00") - timedelta(hours=3), 100)

    assert {later - earlier for earlier, later in pairwise(instants)} == {timedelta(minutes=15)}


def test_every_hour_fires_in_both_passes_of_a_repeated_hour():
    assert len(fires("0 * * * *", BERLIN, "2025-10-25T22:30", "2025-10-26T22:30")) == 24


def test_a_midnight_that_does_not_exist_fires_at_the_first_moment_of_the_day():
    assert fires("0 0 * * *", "America/Santiago", "2025-09-07T00:00", "2025-09-08T02:00") == ["2025-09-07T04:00"]


# An oracle that shares nothing with cronsim: it looks at every minute there is.
FIELDS = (range(60), range(24), range(1, 32), range(1, 13), range(7))


def matches(local: datetime, allowed: list[set[int]]) -> bool:
    values = (local.minute, local.hour, local.day, local.month, local.isoweekday() % 7)
    return all(value in field for value, field in zip(values, allowed, strict=True))


def by_the_minute(
    allowed: list[set[int]], zone: ZoneInfo, start: datetime, end: datetime, *, fixed: bool
) -> set[datetime]:
    if not fixed:
        minutes = int((end - start) / timedelta(minutes=1))
        real = (start + timedelta(minutes=offset) for offset in range(1, minutes + 1))
        return {instant for instant in real if matches(instant.astimezone(zone), allowed)}
    found, local = set(), start.astimezone(zone).replace(tzinfo=None) - timedelta(days=1)
    while local < end.astimezone(zone).replace(tzinfo=None) + timedelta(days=1):
        if matches(local, allowed):
            found.add(first_real(local, zone))
        local += timedelta(minutes=1)
    return {instant for instant in found if start < instant <= end}


def first_real(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant at or after a wall-clock time that a clock of the zone shows."""
    while True:
        instant = local.replace(tzinfo=zone).astimezone(UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == local:
            return instant
        local += timedelta(minutes=1)


minutes = st.sampled_from(
    [("*", set(range(60))), ("*/20", {0, 20, 40}), ("30", {30}), ("0,45", {0, 45}), ("5-7", {5, 6, 7})]
)
hours = st.sampled_from(
    [("*", set(range(24))), ("2", {2}), ("1-3", {1, 2, 3}), ("*/2", set(range(0, 24, 2))), ("0,23", {0, 23})]
)
weekdays = st.sampled_from([("*", set(range(7))), ("0", {0}), ("6-7", {0, 6}), ("sun", {0}), ("*/2", {0, 2, 4, 6})])
changes = st.sampled_from(
    [
        *((BERLIN, "2025-03-30"), (BERLIN, "2025-10-26"), (NEW_YORK, "2025-03-09"), (NEW_YORK, "2025-11-02")),
        *(("Australia/Lord_Howe", "2025-04-06"), ("Australia/Lord_Howe", "2025-10-05"), ("Asia/Tokyo", "2025-10-05")),
        *(("America/Santiago", "2025-09-07"), ("America/Santiago", "2025-04-06"), ("UTC", "2025-01-01")),
    ]
)


@settings(max_examples=80)
@example(("*", set(range(60))), ("1-3", {1, 2, 3}), ("0", {0}), ("America/Santiago", "2025-09-07"))
@given(minutes, hours, weekdays, changes)
def test_every_minute_that_matches_fires_and_no_other_does(minute, hour, weekday, change):
    timezone, day = change
    start, end = utc(f"{day}T00:00") - timedelta(hours=14), utc(f"{day}T00:00") + timedelta(hours=34)
    allowed = [minute[1], hour[1], set(FIELDS[2]), set(FIELDS[3]), weekday[1]]
    fixed = not minute[0].startswith("*") and not hour[0].startswith("*")
    expected = by_the_minute(allowed, ZoneInfo(timezone), start, end, fixed=fixed)

    found = fires(
        f"{minute[0]} {hour[0]} * * {weekday[0]}", timezone, f"{start:%Y-%m-%dT%H:%M}", f"{end:%Y-%m-%dT%H:%M}"
    )

    assert found == [f"{instant:%Y-%m-%dT%H:%M}" for instant in sorted(expected)]


@pytest.mark.parametrize(("alias", "plain"), list(ALIASES.items()))
def test_an_alias_is_the_expression_it_stands_for(alias, plain):
    assert CronSchedule.parse(alias) == CronSchedule.parse(plain)
    assert CronSchedule.parse(f" {alias.upper()} ") == CronSchedule.parse(plain)


@pytest.mark.parametrize(
    ("written", "plain"),
    [
        ("0 9 * * mon-fri", "0 9 * * 1-5"),
        ("0 9 1 jan *", "0 9 1 1 *"),
        ("0 9 * * Sun,SAT", "0 9 * * 0,6"),
        ("  0\t9  * *\n1 ", "0 9 * * 1"),
        ("0 9 * * 7", "0 9 * * 0"),
    ],
)
def test_names_in_any_case_and_spaces_of_any_kind_are_understood(written, plain):
    now = utc("2025-03-01T00:00")

    assert CronSchedule.parse(written).upcoming(now, 9) == CronSchedule.parse(plain).upcoming(now, 9)


@pytest.mark.parametrize(
    ("expression", "field", "value", "example"),
    [
        ("*/0 * * * *", "minute", "*/0", "*/15"),
        ("60 * * * *", "minute", "60", "*/15"),
        ("0 24 * * *", "hour", "24", "9"),
        ("0 9 0 * *", "day of month", "0", "1"),
        ("0 9 * 13 *", "month", "13", "*"),
        ("0 9 * * 8", "day of week", "8", "1-5"),
        ("0 9 * * montag", "day of week", "montag", "1-5"),
        ("a b c d e", "minute", "a", "*/15"),
        ("0 9 * * 5-1", "day of week", "5-1", "1-5"),
        ("1, * * * *", "minute", "1,", "*/15"),
        ("٣ * * * *", "minute", "٣", "*/15"),
        ("0 9 * * ²L", "day of week", "²L", "1-5"),
        ("*/90 * * * *", "minute", "*/90", "*/15"),
        ("*/60 * * * *", "minute", "*/60", "*/15"),
        ("5/90 * * * *", "minute", "5/90", "*/15"),
        ("1,*/70 * * * *", "minute", "1,*/70", "*/15"),
        ("10-20/30 * * * *", "minute", "10-20/30", "*/15"),
        ("0 */45 * * *", "hour", "*/45", "9"),
        ("0 */24 * * *", "hour", "*/24", "9"),
        ("0 0 */31 * *", "day of month", "*/31", "1"),
        ("0 0 1 */12 *", "month", "*/12", "*"),
        ("0 0 1 JAN/13 *", "month", "JAN/13", "*"),
        ("0 0 * * */8", "day of week", "*/8", "1-5"),
        ("0 22-6 * * *", "hour", "22-6", "9"),
    ],
)
def test_a_wrong_field_is_named_with_its_value_and_an_example(expression, field, value, example):
    with pytest.raises(InvalidInput) as caught:
        CronSchedule.parse(expression)

    details = caught.value.details
    assert caught.value.code == "CRON_INVALID"
    assert (details["field"], details["value"], details["example"]) == (field, value, example)
    assert f"{field} {value!r} is not valid" in str(caught.value)
    assert details["expected"] in str(caught.value)


@pytest.mark.parametrize(
    "expression",
    ["*/59 * * * *", "*/1 * * * *", "5-5/1 * * * *", "0 */23 * * *", "0 9-17/8 * * *", "0 0 */30 * *", "0 0 1 */11 *"],
)
def test_a_step_with_room_in_its_range_is_accepted(expression):
    assert CronSchedule.parse(expression).expression == expression


@pytest.mark.parametrize(
    "expression", ["* * * * * *", "0 9 * *", "0 9", "", "   ", "* " * 2000, "@reboot", "@", None, 5]
)
def test_an_expression_without_five_fields_is_refused(expression):
    with pytest.raises(InvalidInput) as caught:
        CronSchedule.parse(expression)

    assert caught.value.details["field"] == "cron"
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize(
    "expression", ["0 0 30 2 *", "0 0 31 2 *", "0 0 31 4,6,9,11 *", "0 0 30 2 */7", "0 0 LW * */7"]
)
def test_a_date_that_does_not_exist_is_refused(expression):
    with pytest.raises(InvalidInput, match="expected a date that exists"):
        CronSchedule.parse(expression)


def test_a_day_of_month_or_a_day_of_week_is_enough():
    schedule = CronSchedule.parse("0 0 31 feb mon#5")

    assert schedule.next_after(utc("2025-01-01T00:00")) == utc("2044-02-29T00:00")


def test_the_leap_day_is_found():
    assert CronSchedule.parse("0 0 29 2 *").next_after(utc("2025-01-01T00:00")) == utc("2028-02-29T00:00")


def test_a_rare_date_is_found_in_time():
    started = time.perf_counter()

    instant = CronSchedule.parse("0 0 * 2 mon#5", BERLIN).next_after(utc("2025-01-01T00:00"))

    assert instant.astimezone(ZoneInfo(BERLIN)).date().isoformat() == "2044-02-29"
    assert time.perf_counter() - started < patience(1)


@pytest.mark.parametrize(
    "timezone",
    ["Mars/Olympus", "", "../../etc/passwd", "/etc/localtime", "Europe", "a\0b", "x" * 4000, "europe/berlin ", None, 5],
)
def test_a_wrong_time_zone_is_refused(timezone):
    with pytest.raises(InvalidInput, match="an IANA time zone") as caught:
        CronSchedule.parse("@daily", timezone)

    assert (caught.value.details["field"], caught.value.code) == ("timezone", "CRON_INVALID")
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize(("written", "meant"), [("Europe/Berln", BERLIN), ("america/new york", NEW_YORK)])
def test_a_misspelt_time_zone_comes_with_the_nearest_as_its_example(written, meant):
    with pytest.raises(InvalidInput) as caught:
        CronSchedule.parse("@daily", written)

    assert caught.value.details["example"] == meant


def test_a_naive_datetime_is_a_value_error():
    with pytest.raises(ValueError, match="aware"):
        CronSchedule.parse("@daily").next_after(datetime(2025, 1, 1))


def test_a_schedule_is_described_in_english():
    assert CronSchedule.parse("30 9 * * 1-5", BERLIN).describe() == (
        "At 09:30 on Monday through Friday (Europe/Berlin)"
    )


field_texts = st.text("0123456789*/-,#LW ", max_size=6)


@pytest.mark.parametrize(
    ("expression", "first", "second"),
    [
        ("*/5 0 29 2 *", "2028-02-29T05:00", "2028-02-29T05:05"),
        ("*/15 1 2 7 *", "2025-07-02T05:00", "2025-07-02T05:15"),
        ("0 */6 1 1 *", "2026-01-01T05:00", "2026-01-01T11:00"),
    ],
)
def test_a_recurring_time_of_a_rare_day_is_found_across_the_changes_of_the_clock(expression, first, second):
    found = CronSchedule.parse(expression, NEW_YORK).upcoming(utc("2025-01-02T00:00"), 2)

    assert found == [utc(first), utc(second)]


def test_the_second_pass_of_a_repeated_hour_is_not_lost_when_it_comes_once_a_year():
    found = fires("*/15 1 2 11 *", NEW_YORK, "2025-11-02T05:30", "2025-11-02T12:00")

    assert found == ["2025-11-02T05:45", *(f"2025-11-02T06:{minute}" for minute in ("00", "15", "30", "45"))]


@settings(max_examples=300)
@given(st.lists(field_texts | st.sampled_from(["*", "1", "mon", "L"]), min_size=5, max_size=5).map(" ".join))
def test_whatever_is_accepted_has_a_next_instant_and_a_description(expression):
    try:
        schedule = CronSchedule.parse(expression)
    except InvalidInput:
        return

    assert schedule.next_after(utc("2025-01-01T00:00")) > utc("2025-01-01T00:00")
    assert schedule.describe().endswith("(UTC)")
