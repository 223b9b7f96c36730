"""The fire times of a schedule in a span that has passed: how many there were, and the latest ones. Pure.

A span may be years long, after a server that was switched off or a clock that was wrong. Neither function walks through
all fire times of it: the latest are looked for backwards, and days without a change of the clock are counted at once.
"""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim

from wren_core.schedule import CronSchedule

_FIRST_WINDOW = timedelta(hours=1)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
# Any day: how often a schedule fires on a day that matches does not depend on the day.
_PLAIN_DAY = datetime(2024, 1, 1)


def latest_between(schedule: CronSchedule, start: datetime, end: datetime, count: int) -> list[datetime]:
    """Return the last `count` fire times after `start` and up to `end`, in UTC, earliest first."""
    window = _FIRST_WINDOW
    while True:
        since = max(start, end - window) if end - start > window else start
        found = deque(_between(schedule, since, end), maxlen=count)
        if len(found) == count or since == start:
            return list(found)
        window *= 2


def count_between(schedule: CronSchedule, start: datetime, end: datetime) -> int:
    """Return how many fire times there are after `start` and up to `end`."""
    zone = ZoneInfo(schedule.timezone)
    first, last = start.astimezone(zone).date() + _DAY, end.astimezone(zone).date()
    if first >= last:
        return _walk(schedule, start, end)
    edges = _walk(schedule, start, _before(first, zone)) + _walk(schedule, _before(last, zone), end)
    return edges + _count_days(schedule, first, last, zone)


def _count_days(schedule: CronSchedule, first: date, last: date, zone: ZoneInfo) -> int:
    """Count the fire times of the days from `first` until before `last`."""
    matching, each = _matching_days(schedule, first), _count_plain_day(schedule)
    total, day, match = 0, first, next(matching, None)
    while day < last:
        if match is not None and match < day:
            match = next(matching, None)
            continue
        if _has_clock_change(day, zone):
            total += _walk(schedule, _before(day, zone), _before(day + _DAY, zone))
        elif match == day:
            total += each
        day += _DAY
    return total


def _matching_days(schedule: CronSchedule, first: date) -> Iterator[date]:
    days = " ".join(["0", "0", *schedule.expression.split()[2:]])
    return (instant.date() for instant in CronSim(days, datetime.combine(first, time.min) - _SECOND))


def _count_plain_day(schedule: CronSchedule) -> int:
    times = " ".join([*schedule.expression.split()[:2], "*", "*", "*"])
    return sum(1 for _ in takewhile(lambda at: at < _PLAIN_DAY + _DAY, CronSim(times, _PLAIN_DAY - _SECOND)))


def _has_clock_change(day: date, zone: ZoneInfo) -> bool:
    """Tell whether the clock changes on the day or a neighbour, where fire times may move to another day."""
    nearby = (datetime.combine(day + distance * _DAY, time.min, zone) for distance in (-1, 0, 1, 2))
    return len({instant.utcoffset() for instant in nearby}) > 1


def _before(day: date, zone: ZoneInfo) -> datetime:
    """Return the last second before a local day."""
    return datetime.combine(day, time.min, zone).astimezone(UTC) - _SECOND


def _walk(schedule: CronSchedule, start: datetime, end: datetime) -> int:
    return sum(1 for _ in _between(schedule, start, end))


def _between(schedule: CronSchedule, start: datetime, end: datetime) -> Iterator[datetime]:
    return takewhile(lambda instant: instant <= end, schedule.instants(start))
