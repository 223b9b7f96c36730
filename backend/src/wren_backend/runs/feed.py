"""The recent part of one run's log, in memory, for all who follow it."""

from collections import deque
from collections.abc import Sequence
from itertools import islice

from wren_backend.runs.models import Run, RunLog

_MAX_LINES = 2000
_MAX_CHARACTERS = 2**20


class RunFeed:
    """A run, its last lines, and where they begin; not safe to share between threads without a lock.

    Args:
        workspace_id: the workspace of the run.
        run_id: the run.
    """

    def __init__(self, workspace_id: str, run_id: str) -> None:
        self.workspace_id = workspace_id
        self.run_id = run_id
        self.run: Run | None = None
        self.last = 0
        """Number of the last line."""
        self._lines: deque[RunLog] = deque()
        self._characters = 0

    @property
    def start(self) -> int:
        """The number after which the lines here begin; earlier ones are in the database alone."""
        return self.last - len(self._lines)

    def add(self, run: Run, lines: Sequence[RunLog]) -> None:
        """Take the newer row of the run, and the lines that follow the last one."""
        if self.run is None:
            self.last = run.log_lines
        self.run = run
        for line in lines:
            self.last = line.seq
            self._lines.append(line)
            self._characters += len(line.text)
        while len(self._lines) > _MAX_LINES or self._characters > _MAX_CHARACTERS:
            self._characters -= len(self._lines.popleft().text)

    def page(self, after: int, *, limit: int) -> tuple[Run, list[RunLog]] | None:
        """Return the run and its lines after number `after`; None where the database must be asked for them."""
        if self.run is None or after < self.start:
            return None
        skipped = after - self.start
        return self.run, list(islice(self._lines, skipped, skipped + limit))
