"""A running script's output and calls, gathered in memory and written to the database in batches."""

import threading
import time
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
# Rows of one transaction: the writers of other runs and of requests come in between.
BATCH_ROWS = 500
# SQLite gives the next turn to the first that asks; a writer that asked in vain asks again after some milliseconds.
_TURN_SECONDS = 0.01
MAX_CALLS = 10_000
"""Method calls of one run that are recorded; more are counted."""


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
        self._calls_seen = 0

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
            # What cannot be written is kept, and output is capped: no reason to end the script.
            with suppress(Outage):
                self.flush()

    def say(self, text: str) -> None:
        """Add a line from the platform, after what the script wrote so far."""
        with self._lock:
            self._end_lines()
            self._lines.append(LogLine(stream="system", text=text, at=self._clock.now()))

    def call(self, call: CallRecord) -> None:
        """Take a method call."""
        with self._lock:
            self._calls_seen += 1
            if self._calls_seen <= MAX_CALLS:
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
        """Write all waiting entries, a batch at a time; False when the lease is lost and nothing more may be written.

        What could not be written waits for the next time.

        Raises:
            Outage: the database did not take it.
        """
        while self.flush_batch():
            if not self.is_waiting:
                return True
            time.sleep(_TURN_SECONDS)
        return False

    @property
    def is_waiting(self) -> bool:
        """Tell whether entries wait to be written."""
        with self._lock:
            return bool(self._lines or self._calls)

    def flush_batch(self) -> bool:
        """Write one batch of the waiting entries; like `flush` otherwise."""
        with self._flushing:
            self._settle()
            with self._lock:
                lines, calls = self._lines[:BATCH_ROWS], self._calls[:BATCH_ROWS]
            if not lines and not calls:
                return True
            is_held = self._store(lines, calls)
            with self._lock:
                del self._lines[: len(lines)], self._calls[: len(calls)]
            return is_held

    def close(self) -> bool:
        """Write everything, unfinished lines included."""
        with self._lock:
            self._end_lines()
            unrecorded, self._calls_seen = max(0, self._calls_seen - MAX_CALLS), min(self._calls_seen, MAX_CALLS)
        if unrecorded:
            self.say(f"the first {MAX_CALLS} method calls of a run are listed; {unrecorded} more were made")
        return self.flush()

    def _end_lines(self) -> None:
        self._lines.extend(self._line(stream, rest) for stream, rest in self._partial.items() if rest)
        self._partial.clear()

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
