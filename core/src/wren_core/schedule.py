"""Cron expressions: parsed, explained, and asked for the next instant.

The arithmetic is cronsim's: standard weekday numbers, IANA time zones, and a wall-clock time that a change to summer
time skips or repeats fires once. This module adds the `@daily` aliases and errors that name the field, the value and
a working example. Pure: every function takes `now`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from wren_core.errors import InvalidInput

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
_EXAMPLE = "0 9 * * 1-5 (09:00 on working days)"
_MAX_LENGTH = 256
# Any instant serves to check a field; this one starts a leap cycle, so that 29 February is found.
_CHECK_FROM = datetime(2024, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class CronSchedule:
    """A checked cron expression in a time zone. Build it with `CronSchedule.parse`."""

    expression: str
    timezone: str

    @classmethod
    def parse(cls, expression: str, timezone: str = "UTC") -> "CronSchedule":
        """Check `expression` (five fields or an alias such as `@daily`) and `timezone` (an IANA name).

        Raises:
            InvalidInput: names the field, its value, what it may hold and an example.
        """
        if not isinstance(expression, str) or not expression.strip() or len(expression) > _MAX_LENGTH:
            raise _invalid("cron", expression, "five fields: minute hour day-of-month month day-of-week", _EXAMPLE)
        plain = ALIASES.get(expression.strip().lower(), " ".join(expression.split()))
        if plain.startswith("@"):
            raise _invalid("cron", expression, f"one of {', '.join(ALIASES)}", "@daily")
        _check_fields(expression, plain.split(" "))
        schedule = cls(expression=plain, timezone=_checked_zone(timezone))
        if next(schedule._instants(_CHECK_FROM), None) is None:
            raise _invalid("cron", expression, "a date that exists (this one never comes)", _EXAMPLE)
        return schedule

    def next_after(self, now: datetime) -> datetime:
        """Return the first instant after `now` (aware), in UTC."""
        return next(self._instants(now))

    def upcoming(self, now: datetime, count: int) -> list[datetime]:
        """Return the next `count` instants after `now`, in UTC, earliest first."""
        return list(islice(self._instants(now), count))

    def describe(self) -> str:
        """Return the schedule in English, with its time zone."""
        return f"{CronSim(self.expression, _CHECK_FROM).explain()} ({self.timezone})"

    def _instants(self, now: datetime) -> Iterator[datetime]:
        if now.tzinfo is None:
            raise ValueError("now must be an aware datetime")
        local = now.astimezone(ZoneInfo(self.timezone))
        return (instant.astimezone(UTC) for instant in CronSim(self.expression, local))


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
    try:
        CronSim(" ".join(fields), _CHECK_FROM)
    except CronSimError as exc:
        raise _invalid("cron", expression, str(exc), _EXAMPLE) from exc


def _checked_zone(timezone: str) -> str:
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError, TypeError):
        raise _invalid("timezone", timezone, "an IANA time zone", "Europe/Berlin") from None
    return timezone


def _invalid(field: str, value: object, expected: str, example: str) -> InvalidInput:
    return InvalidInput(
        f"{field} {value!r} is not valid: expected {expected}; for example {example}",
        code="CRON_INVALID",
        details={"field": field, "value": str(value)[:_MAX_LENGTH], "expected": expected, "example": example},
    )
