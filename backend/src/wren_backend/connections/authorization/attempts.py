"""A limit on wrong API keys, kept in memory: each process counts for itself."""

from collections import deque
from datetime import datetime, timedelta
from threading import Lock

from wren_core.errors import RateLimited


class AttemptLimit:
    """Counts failures by caller, and all together, so that changing addresses does not help."""

    def __init__(
        self,
        *,
        per_caller: int = 10,
        in_all: int = 200,
        window: timedelta = timedelta(minutes=5),
        callers: int = 10_000,
    ) -> None:
        self._per_caller = per_caller
        self._in_all = in_all
        self._window = window
        self._callers = callers
        self._failures: dict[str, deque[datetime]] = {}
        self._lock = Lock()

    def check(self, caller: str, *, now: datetime) -> None:
        """Return if the caller may try.

        Raises:
            RateLimited: there were too many failures lately.
        """
        with self._lock:
            self._forget(now - self._window)
            mine = self._failures.get(caller, ())
            if len(mine) >= self._per_caller or sum(map(len, self._failures.values())) >= self._in_all:
                oldest = min(times[0] for times in self._failures.values())
                wait = (mine[0] if mine else oldest) + self._window - now
                raise RateLimited("too many wrong keys were tried; wait a while", wait.total_seconds())

    def fail(self, caller: str, *, now: datetime) -> None:
        """Record a failure."""
        with self._lock:
            if len(self._failures) < self._callers or caller in self._failures:
                self._failures.setdefault(caller, deque(maxlen=self._per_caller)).append(now)

    def _forget(self, before: datetime) -> None:
        for caller, times in list(self._failures.items()):
            while times and times[0] <= before:
                times.popleft()
            if not times:
                del self._failures[caller]
