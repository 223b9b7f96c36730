"""The integration: describe schedules, list their fire times, and check them."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from wren_core import Integration, IntegrationSpec, InvalidInput, Record, method
from wren_core.schedule import CronSchedule

Expression = Annotated[str, "Five fields (minute hour day-of-month month day-of-week) or an alias such as @daily"]
Timezone = Annotated[str, "IANA time zone of the fields, such as Europe/Berlin"]


class Fault(Record):
    """An error in a schedule."""

    field: Annotated[str, "minute, hour, day of month, month, day of week or timezone; cron for the whole expression"]
    value: Annotated[str, "The invalid value"]
    expected: Annotated[str, "The values that are allowed"]
    example: Annotated[str, "A valid value"]
    message: Annotated[str, "The error in one sentence"]


class Verdict(Record):
    """The result of checking a schedule."""

    valid: Annotated[bool, "Whether the schedule is valid"]
    fault: Annotated[Fault | None, "The first error; null if the schedule is valid"] = None


class Cron(Integration):
    """Explain, preview and check schedules, before you deploy a script with one.

    A schedule has five fields: minute (0-59), hour (0-23), day of month (1-31), month (1-12 or JAN-DEC), day of week
    (0-7 or SUN-SAT; 0 and 7 are Sunday). A field is `*`, a number, a list `1,15`, a range `1-5`, or one of them with
    a step: `*/15`. `L` is the last day of the month, `5L` its last Friday, `1#2` its second Monday. If both day of
    month and day of week are set, the schedule fires when either matches. Aliases: @hourly, @daily (@midnight),
    @weekly (Sunday), @monthly, @yearly (@annually).

    The fields are local times in the time zone, which is UTC by default. When clocks change, a fixed time that does not
    exist on that day (02:30) fires at the first moment after the gap, and a time that occurs twice fires the first
    time. A schedule whose minute or hour starts with `*` fires whenever the local time matches: `*/15 * * * *` fires
    every quarter of an hour on every day of the year.
    """

    spec = IntegrationSpec(name="cron", display_name="Cron")

    @method(example='cron.describe("0 9 * * 1-5", "Europe/Berlin")')
    def describe(self, expression: Expression, timezone: Timezone = "UTC") -> Annotated[str, "One English sentence"]:
        """Describe in English when a schedule fires."""
        return CronSchedule.parse(expression, timezone).describe()

    @method(example='cron.next_runs("0 9 * * 1-5", "Europe/Berlin", count=3)')
    def next_runs(
        self,
        expression: Expression,
        timezone: Timezone = "UTC",
        count: Annotated[int, "Number of fire times", Field(ge=1, le=100)] = 5,
        after: Annotated[AwareDatetime | None, "Only after this time, with UTC offset; default: now"] = None,
    ) -> list[AwareDatetime]:
        """List the next fire times of a schedule, in its time zone, earliest first."""
        schedule = CronSchedule.parse(expression, timezone)
        zone = ZoneInfo(schedule.timezone)
        return [instant.astimezone(zone) for instant in schedule.upcoming(after or datetime.now(UTC), count)]

    @method(example='cron.validate("0 25 * * *")')
    def validate(self, expression: Expression, timezone: Timezone = "UTC") -> Verdict:
        """Check a schedule; for an invalid one, return the field, its value and an example instead of raising."""
        try:
            CronSchedule.parse(expression, timezone)
        except InvalidInput as error:
            return Verdict(valid=False, fault=Fault.model_validate({**error.details, "message": error.message}))
        return Verdict(valid=True)
