"""Time limits for waits in tests, which grow with the load of the machine.

A server that starts in one second needs twenty while twenty other programs want the same processor. Use `patience`
where a limit only keeps a broken test from hanging, never where the limit itself is under test.
"""

import os
from pathlib import Path

MAX_FACTOR = 10.0


def patience(seconds: float) -> float:
    """Return a time limit in seconds: `seconds` on an idle machine, up to `MAX_FACTOR` times as many on a busy one.

    Call it where the wait begins, or for each look of a loop; the load changes.
    """
    return seconds * load_factor()


def load_factor() -> float:
    """Return how many programs share one processor, from 1 to `MAX_FACTOR`."""
    return min(max(1.0, max(_mean_load(), _current_load()) / (os.cpu_count() or 1)), MAX_FACTOR)


def _mean_load() -> float:
    """Return the mean number of programs that wanted to run in the last minute; 0 where the system does not count."""
    try:
        return os.getloadavg()[0]
    except (AttributeError, OSError):  # Windows has no such number
        return 0.0


def _current_load() -> float:
    """Return the number of programs that want to run now: the mean takes a minute to follow a sudden load."""
    try:
        return float(Path("/proc/loadavg").read_text().split()[3].partition("/")[0])
    except (OSError, IndexError, ValueError):  # only Linux has the file
        return 0.0
