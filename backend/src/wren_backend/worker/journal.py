"""A running script's output and calls, gathered in memory and written to the database in batches."""

import threading
from collections.abc import Callable
from contextlib import suppress

from wren_backend.clock import Clock
from wren_backend.executor.port import Stream
from wren_backend.outages import Outage
from wren_backend.runs import cost_repository as spending
from wren_backend.runs import log_repository as run_logs
from wren_backend.runs.cost_repository import NewCall
from wren_backend.runs.log_repository import LogLine, TimedCall
from wren_backend.runs.models import Run
from wren_backend.storage.database import Database
from wren_core.protocol.calls import CallRecord

# A line longer than this is broken up: a reader wants to see it before it ends.
_MAX_LINE = 8192
# While more lines than this wait for the database, the script's pipe is not read.
_MAX_WAITING = 2000


class RunJournal:
    """The journal of one claimed run. Filled by the executor's thread, flushed by the worker's pulse.

    Args:
        run: the run, as claimed; its lease token authorises every write.
        database: where lines and calls go.
        clock: dates them.
        count: gets every method call, for the metrics.
    """

    def __init__(
        self, run: Run, *, database: Database, clock: Clock, count: Callable[[CallRecord], None] = lambda _call: None
    ) -> None:
        self._run = run
        self._database = database
        self._clock = clock
        self._count = count
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._partial: dict[Stream, str] = {}
        self._lines: list[LogLine] = []
        self._calls: list[TimedCall] = []
        self._costs: list[NewCall] = []

    def write(self, stream: Stream, text: str) -> None:
        """Take output; only whole lines are passed on until `close`."""
        with self._lock:
            *whole, rest = (self._partial.get(stream, "") + text).split("\n")
            while len(rest) > _MAX_LINE:
                whole.append(rest[:_MAX_LINE])
                rest = rest[_MAX_LINE:]
            self._partial[stream] = rest
            self._lines.extend(self._line(stream, line) for line in whole)
            is_full = len(self._lines) > _MAX_WAITING
        if is_full:
            with suppress(Outage):  # the lines are kept, and output is capped: no reason to end the script
                self.flush()

    def say(self, text: str) -> None:
        """Add a line from the platform."""
        with self._lock:
            self._lines.append(LogLine(stream="system", text=text, at=self._clock.now()))

    def call(self, call: CallRecord) -> None:
        """Take a method call."""
        with self._lock:
            self._calls.append(TimedCall(call=call, at=self._clock.now()))
        self._count(call)

    def spend(self, call: NewCall) -> None:
        """Take a call of a model with its cost."""
        with self._lock:
            self._costs.append(call)

    def settle(self) -> None:
        """Record the costs that are waiting; they are true whether or not the lease is held.

        Raises:
            Outage: the database did not take them; they wait for the next time.
        """
        with self._flushing:
            self._settle()

    def flush(self) -> bool:
        """Write all waiting entries; False when the lease is lost and nothing more may be written.

        What could not be written waits for the next time.

        Raises:
            Outage: the database did not take it.
        """
        with self._flushing:
            self._settle()
            with self._lock:
                lines, self._lines = self._lines, []
                calls, self._calls = self._calls, []
            if not lines and not calls:
                return True
            try:
                return self._store(lines, calls)
            except Outage:
                with self._lock:
                    self._lines[:0], self._calls[:0] = lines, calls
                raise

    def close(self) -> bool:
        """Write everything, unfinished lines included."""
        with self._lock:
            self._lines.extend(self._line(stream, rest) for stream, rest in self._partial.items() if rest)
            self._partial.clear()
        return self.flush()

    def _settle(self) -> None:
        with self._lock:
            costs, self._costs = self._costs, []
        if not costs:
            return
        try:
            with self._database.writing() as session:
                spending.record_calls(session, self._run, costs)
        except Outage:
            with self._lock:
                self._costs[:0] = costs
            raise

    def _store(self, lines: list[LogLine], calls: list[TimedCall]) -> bool:
        token = self._run.lease_token or ""
        with self._database.writing() as session:
            if lines and run_logs.append_logs(session, self._run.id, token, lines) is None:
                return False
            return not calls or run_logs.record_calls(session, self._run.id, token, calls) is not None

    def _line(self, stream: Stream, text: str) -> LogLine:
        return LogLine(stream=stream, text=text.removesuffix("\r"), at=self._clock.now())
