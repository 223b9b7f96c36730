"""Schedules: which fire times a due one owes, and when it is due next. Pure."""

import itertools
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast, get_args

from wren_backend.triggers.kind import Fire, FirePlan
from wren_backend.triggers.passed_times import count_between, latest_between
from wren_core.contract.events import ScheduleTick
from wren_core.errors import AgentFixableError, InvalidInput
from wren_core.schedule import CronSchedule

Misfire = Literal["latest", "all", "skip"]
"""What becomes of fire times that passed while nothing could fire: run the latest, run all (bounded), run none."""

# A tick comes every second; anything older than this was missed, not merely late.
GRACE = timedelta(seconds=60)
# "all" after a long pause must not start a thousand runs at once.
MAX_CATCH_UP = 100
_DEFAULTS: dict[str, Any] = {"timezone": "UTC", "misfire": "latest"}
# Fire times compared with the shortest interval that is allowed.
_COMPARED = 5


class ScheduleTrigger:
    """The kind of trigger that fires at the times of a cron expression."""

    def normalize(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return `cron`, `timezone` and `misfire`.

        Raises:
            ValueError: `cron` is missing or is no text.
        """
        if not isinstance(config.get("cron"), str):
            raise ValueError('a schedule needs a `cron` in its config; for example "0 9 * * *"')
        return {**_DEFAULTS, **{key: config[key] for key in ("cron", *_DEFAULTS) if key in config}}

    def check(self, func: str, config: Mapping[str, Any], *, now: datetime, min_interval: timedelta) -> None:
        """Refuse a misfire policy or cron expression that is not valid, and a schedule that fires too often.

        Raises:
            InvalidInput: CRON_INVALID, or an unknown policy.
            AgentFixableError: SCHEDULE_TOO_FREQUENT.
        """
        read_misfire(config)
        schedule = _read_schedule(config)
        gaps = [later - earlier for earlier, later in itertools.pairwise(schedule.upcoming(now, _COMPARED))]
        if gaps and min(gaps) < min_interval:
            raise AgentFixableError(
                f"{func} is scheduled every {min(gaps).total_seconds():g} s; "
                f"the shortest interval here is {min_interval.total_seconds():g} s",
                code="SCHEDULE_TOO_FREQUENT",
                details={"func": func, "cron": schedule.expression},
            )

    def first_due(self, config: Mapping[str, Any], now: datetime) -> datetime | None:
        """Return the first fire time after `now`."""
        return _read_schedule(config).next_after(now)

    def plan(self, config: Mapping[str, Any], *, due_at: datetime, now: datetime) -> FirePlan:
        """Return the fire times that get a run: those of the last `GRACE`, and older ones by the misfire policy."""
        schedule, misfire = _read_schedule(config), read_misfire(config)
        passed = 1 + count_between(schedule, due_at, now)
        latest = [due_at, *latest_between(schedule, due_at, now, MAX_CATCH_UP)][-MAX_CATCH_UP:]
        owed = _select_owed(latest, misfire, now=now)
        return FirePlan(
            fires=tuple(_new_fire(config, instant, now) for instant in owed),
            missed=passed - len(owed),
            next_fire_at=schedule.next_after(now),
        )


def read_misfire(config: Mapping[str, Any]) -> Misfire:
    """Return the misfire policy of a configuration; `latest` where none is given.

    Raises:
        InvalidInput: for a policy that does not exist.
    """
    value = config.get("misfire", _DEFAULTS["misfire"])
    if value not in get_args(Misfire):
        raise InvalidInput(
            f"misfire {value!r} is not valid: expected one of {', '.join(get_args(Misfire))}; for example latest",
            details={"field": "misfire", "value": str(value), "example": "latest"},
        )
    return cast("Misfire", value)


def _read_schedule(config: Mapping[str, Any]) -> CronSchedule:
    return CronSchedule.parse(config["cron"], config.get("timezone", _DEFAULTS["timezone"]))


def _select_owed(latest: list[datetime], misfire: Misfire, *, now: datetime) -> list[datetime]:
    if misfire == "all":
        return latest
    is_late = now - latest[-1] > GRACE
    return [] if misfire == "skip" and is_late else latest[-1:]


def _new_fire(config: Mapping[str, Any], scheduled_for: datetime, now: datetime) -> Fire:
    timezone = config.get("timezone", _DEFAULTS["timezone"])
    tick = ScheduleTick(scheduled_for=scheduled_for, fired_at=now, cron=config["cron"], timezone=timezone)
    return Fire(
        key=scheduled_for.astimezone(UTC).isoformat(),
        event=tick.model_dump(mode="json"),
        scheduled_for=scheduled_for,
    )
