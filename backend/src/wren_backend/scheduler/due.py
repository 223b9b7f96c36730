"""Which fire times a due schedule owes, and when it is due next. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Literal, cast, get_args

from wren_core.errors import InvalidInput
from wren_core.schedule import CronSchedule

Misfire = Literal["latest", "all", "skip"]
"""What becomes of fire times that passed while nothing could fire: run the latest, run all (bounded), run none."""

# A tick comes every second; anything older than this was missed, not merely late.
GRACE = timedelta(seconds=60)
# "all" after a long pause must not start a thousand runs at once.
MAX_CATCH_UP = 100
# How far back fire times are counted one by one; a schedule of every minute passes 1,440 a day.
_MAX_COUNTED = 10_000


@dataclass(frozen=True, kw_only=True)
class FirePlan:
    """What to do about one due schedule."""

    fire: tuple[datetime, ...]
    """Fire times that get a run, earliest first."""
    missed: int
    """Fire times that get none."""
    next_fire_at: datetime


def misfire_of(config: dict[str, object]) -> Misfire:
    """Return the misfire policy of a trigger's configuration; `latest` where none is given.

    Raises:
        InvalidInput: for a policy that does not exist.
    """
    value = config.get("misfire", "latest")
    if value not in get_args(Misfire):
        raise InvalidInput(
            f"misfire {value!r} is not valid: expected one of {', '.join(get_args(Misfire))}; for example latest",
            details={"field": "misfire", "value": str(value), "example": "latest"},
        )
    return cast("Misfire", value)


def plan_fires(schedule: CronSchedule, *, due_at: datetime, now: datetime, misfire: Misfire = "latest") -> FirePlan:
    """Decide about a schedule whose `due_at` has come.

    Args:
        schedule: the schedule.
        due_at: the fire time that is due, aware, not after `now`.
        now: the present instant.
        misfire: what to do with fire times older than `GRACE`.
    """
    passed = [due_at, *takewhile(lambda instant: instant <= now, schedule.upcoming(due_at, _MAX_COUNTED))]
    on_time = [instant for instant in passed if now - instant <= GRACE]
    late = passed[: len(passed) - len(on_time)]
    fire = _owed(late, on_time, misfire)
    return FirePlan(fire=tuple(fire), missed=len(passed) - len(fire), next_fire_at=schedule.next_after(now))


def _owed(late: list[datetime], on_time: list[datetime], misfire: Misfire) -> list[datetime]:
    if misfire == "all":
        return [*late, *on_time][-MAX_CATCH_UP:]
    if on_time or misfire == "skip":
        return on_time[-1:]
    return late[-1:]
