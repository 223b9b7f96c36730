"""Parse cron expressions, describe them, and compute the next time.

The arithmetic is that of cronsim: standard weekday numbers, IANA time zones. A fixed time of day that a change to or
from summer time skips or repeats fires once. A recurring one (its minute or hour starts with `*`) fires whenever the
clock shows it, so every 15 minutes stays every 15 minutes. This module adds the `@daily` aliases, and errors that name
the field, the value and a valid example. All functions are pure: they take `now`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from cronsim import CronSim, CronSimError

from wren_core.errors import InvalidInput
from wren_core.nearest import find_nearest

ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELDS = ("minute", "hour", "day of month", "month", "day of week")
_RANGES = ("0-59", "0-23", "1-31", "1-12 or JAN-DEC", "0-7 or SUN-SAT")
_EXAMPLES = ("*/15", "9", "1", "*", "1-5")
_WHOLES = ("hour", "day", "month", "year", "week")
"""After which each field starts over."""
_SPANS = (59, 23, 30, 11, 7)
"""The longest step each field has room for."""
_RANGE_WITH_STEP = re.compile(r"(?:(\d+)-(\d+)|\*|\w+(?:-\w+)?)/(\d+)")
_EXAMPLE = "0 9 * * 1-5 (09:00 on working days)"
_MAX_LENGTH = 256
# Any time is good enough to check a field; this one starts a leap cycle, so that 29 February is found.
_CHECK_FROM = datetime(2024, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_CLOCKS_CHANGE_AT_MOST_EVERY = timedelta(days=7)


@dataclass(frozen=True, kw_only=True)
class CronSchedule:
    """A valid cron expression in a time zone. Create it with `CronSchedule.parse`."""

    expression: str
    timezone: str

    @classmethod
    def parse(cls, expression: str, timezone: str = "UTC") -> "CronSchedule":
        """Check `expression` (five fields or an alias such as `@daily`) and `timezone` (an IANA name).

        Raises:
            InvalidInput: names the field, its value, the allowed values and an example.
        """
        if not isinstance(expression, str) or len(expression) > _MAX_LENGTH:
            raise _invalid("cron", expression, "five fields: minute hour day-of-month month day-of-week", _EXAMPLE)
        plain = ALIASES.get(expression.strip().lower(), " ".join(expression.split()))
        if plain.startswith("@"):
            raise _invalid("cron", expression, f"one of {', '.join(ALIASES)}", "@daily")
        _check_fields(expression, plain.split(" "))
        schedule = cls(expression=plain, timezone=_check_zone(timezone))
        if next(schedule.instants(_CHECK_FROM), None) is None:
            raise _never_fires(expression)
        return schedule

    def next_after(self, now: datetime) -> datetime:
        """Return the first instant after `now` (aware), in UTC."""
        return next(self.instants(now))

    def upcoming(self, now: datetime, count: int) -> list[datetime]:
        """Return the next `count` instants after `now`, in UTC, earliest first."""
        return list(islice(self.instants(now), count))

    def describe(self) -> str:
        """Return the schedule in English, with its time zone."""
        return f"{CronSim(self.expression, _CHECK_FROM).explain()} ({self.timezone})"

    def instants(self, now: datetime) -> Iterator[datetime]:
        """Yield the instants after `now` (aware), in UTC, earliest first."""
        if now.tzinfo is None:
            raise ValueError("now must be an aware datetime")
        zone = ZoneInfo(self.timezone)
        minute, hour, *_ = self.expression.split()
        if minute.startswith("*") or hour.startswith("*"):
            return _recurring(self.expression, zone, now)
        instants = (instant.astimezone(UTC) for instant in CronSim(self.expression, now.astimezone(zone)))
        # In an hour that the clock repeats, cronsim counts from the first pass, which is over.
        return (instant for instant in instants if instant > now)


def _recurring(expression: str, zone: ZoneInfo, now: datetime) -> Iterator[datetime]:
    """Yield every real instant at which the zone's clock matches, one stretch of equal offset after another.

    cronsim alone loses an hour on days that have no midnight.
    """
    start = now.astimezone(UTC).replace(microsecond=0)
    while True:
        offset = _offset(zone, start + _SECOND)
        for local in CronSim(expression, (start + offset).replace(tzinfo=None)):
            instant = local.replace(tzinfo=UTC) - offset
            change = _find_clock_change(zone, start, instant)
            if change is not None:
                start = change - _SECOND  # a match at the change itself is still to come
                break
            start = instant
            yield instant
        else:
            return


def _find_clock_change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime | None:
    """Find the first instant in `(start, end]` with another offset than one second after `start`."""
    low, high = start + _SECOND, start
    offset = _offset(zone, low)
    while high < end:
        high = min(high + _CLOCKS_CHANGE_AT_MOST_EVERY, end)
        if _offset(zone, high) != offset:
            break
        low = max(low, high)
    else:
        return None
    while high - low > _SECOND:
        middle = low + (high - low) // _SECOND // 2 * _SECOND
        low, high = (middle, high) if _offset(zone, middle) == offset else (low, middle)
    return high


def _offset(zone: ZoneInfo, instant: datetime) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def _check_fields(expression: str, fields: list[str]) -> None:
    if len(fields) != len(_FIELDS):
        raise _invalid("cron", expression, f"five fields, not {len(fields)}: {' '.join(_EXAMPLES)}", _EXAMPLE)
    for index, value in enumerate(fields):
        probe = ["*"] * len(_FIELDS)
        probe[index] = value
        try:
            CronSim(" ".join(probe), _CHECK_FROM)
        except CronSimError:
            raise _invalid(_FIELDS[index], value, _RANGES[index], _EXAMPLES[index]) from None
        _check_steps(index, value)
    try:
        CronSim(" ".join(fields), _CHECK_FROM)
    except CronSimError:
        raise _never_fires(expression) from None  # each field is valid alone: it is 30 February


def _check_steps(index: int, value: str) -> None:
    """Refuse a step that leads out of its range at once: `*/90` in the minute field fires every hour."""
    for first, last, step in _RANGE_WITH_STEP.findall(value):
        span = int(last) - int(first) if last else _SPANS[index]
        if int(step) > max(span, 1):
            raise _invalid(
                _FIELDS[index],
                value,
                f"a step of at most {span}, since each {_WHOLES[index]} starts over; "
                f"for longer pauses use the next field or several schedules",
                _EXAMPLES[index],
            )


def _check_zone(timezone: str) -> str:
    try:
        if isinstance(timezone, str) and len(timezone) <= _MAX_LENGTH:
            ZoneInfo(timezone)
            return timezone
    except (ZoneInfoNotFoundError, ValueError, OSError):
        pass
    nearest = _nearest_zone(str(timezone)[:_MAX_LENGTH])
    raise _invalid("timezone", timezone, "an IANA time zone", nearest or "Europe/Berlin")


def _nearest_zone(name: str) -> str | None:
    by_lower_case = {zone.lower(): zone for zone in available_timezones()}
    nearest = find_nearest(name.lower(), by_lower_case)
    return by_lower_case[nearest] if nearest else None


def _never_fires(expression: str) -> InvalidInput:
    return _invalid("cron", expression, "a date that exists", _EXAMPLE)


def _invalid(field: str, value: object, expected: str, example: str) -> InvalidInput:
    shown = str(value)[:_MAX_LENGTH]
    return InvalidInput(
        f"{field} {shown!r} is not valid: expected {expected}; for example {example}",
        code="CRON_INVALID",
        details={"field": field, "value": shown, "expected": expected, "example": example},
    )
