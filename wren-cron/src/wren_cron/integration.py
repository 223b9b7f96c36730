"""The integration: what a schedule says, when it fires, and what is wrong with it."""

from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from wren_core import Integration, IntegrationSpec, InvalidInput, Record, method
from wren_core.schedule import CronSchedule

Expression = Annotated[str, "Five fields (minute hour day-of-month month day-of-week) or an alias such as @daily"]
Timezone = Annotated[str, "IANA time zone the fields are read in, such as Europe/Berlin"]


class Fault(Record):
    """What is wrong with a schedule."""

    field: Annotated[str, "minute, hour, day of month, month, day of week; or cron, or timezone, for the whole"]
    value: Annotated[str, "What was written there"]
    expected: Annotated[str, "What may be written there"]
    example: Annotated[str, "Something that works there"]
    message: Annotated[str, "All of it in one sentence"]


class Verdict(Record):
    """Whether a schedule can be used."""

    valid: Annotated[bool, "It can be used as it is"]
    fault: Annotated[Fault | None, "The first thing that is wrong; none when it is valid"] = None


class Cron(Integration):
    """Explain, preview and check schedules, before a script is deployed with one.

    A schedule has five fields: minute (0-59), hour (0-23), day of month (1-31), month (1-12 or JAN-DEC), day of week
    (0-7 or SUN-SAT; 0 and 7 are Sunday). A field is `*`, a number, a list `1,15`, a range `1-5`, or one of them with
    a step: `*/15`. `L` is the last day of the month, `5L` its last Friday, `1#2` its second Monday. Where day of month
    and day of week are both given, either one is enough. Aliases: @hourly, @daily (@midnight), @weekly (Sunday),
    @monthly, @yearly (@annually).

    The fields are read on the clock of the time zone, UTC where none is given. When clocks change, a fixed time that
    does not exist that day (02:30) fires at the first moment that does, and a time that comes twice fires the first
    time. A schedule whose minute or hour starts with `*` fires whenever the clock shows it: `*/15 * * * *` fires every
    quarter of an hour on every day of the year.
    """

    spec = IntegrationSpec(name="cron", display_name="Cron")

    @method(example='cron.describe("0 9 * * 1-5", "Europe/Berlin")')
    def describe(self, expression: Expression, timezone: Timezone = "UTC") -> Annotated[str, "One English sentence"]:
        """Say in English when a schedule fires."""
        return CronSchedule.parse(expression, timezone).describe()

    @method(example='cron.next_runs("0 9 * * 1-5", "Europe/Berlin", count=3)')
    def next_runs(
        self,
        expression: Expression,
        timezone: Timezone = "UTC",
        count: Annotated[int, "How many", Field(ge=1, le=100)] = 5,
        after: Annotated[AwareDatetime | None, "Only later than this moment, with its UTC offset; now if none"] = None,
    ) -> list[AwareDatetime]:
        """List the next moments at which a schedule fires, on the clock of its time zone, earliest first."""
        schedule = CronSchedule.parse(expression, timezone)
        zone = ZoneInfo(schedule.timezone)
        return [instant.astimezone(zone) for instant in schedule.upcoming(after or datetime.now(UTC), count)]

    @method(example='cron.validate("0 25 * * *")')
    def validate(self, expression: Expression, timezone: Timezone = "UTC") -> Verdict:
        """Check a schedule; a wrong one comes back with the field, its value and an example, and raises nothing."""
        try:
            CronSchedule.parse(expression, timezone)
        except InvalidInput as error:
            return Verdict(valid=False, fault=Fault.model_validate({**error.details, "message": error.message}))
        return Verdict(valid=True)
