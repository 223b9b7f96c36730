"""Chores on a timer: refresh tokens before they expire, delete expired rows."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from wren_backend.clock import Clock
from wren_backend.idempotency import repository as idempotency
from wren_backend.scheduler.retention import Retention
from wren_backend.storage.database import Database

log = structlog.get_logger()

# Rows of one transaction, and transactions of one chore: other writers come in between.
_BATCH = 500
_BATCHES = 20


@dataclass(frozen=True, kw_only=True)
class Housekeeping:
    """The chores of the platform; one that fails does not keep the others from running."""

    database: Database
    clock: Clock
    keep_connections: Callable[[], object]
    """Refreshes connections that are about to expire, and deletes the links and states of unfinished flows."""
    retention: Retention
    """Deletes what is old."""

    def run(self) -> None:
        """Do every chore once."""
        for chore in (self.keep_connections, self._purge_keys, *self.retention.chores):
            try:
                chore()
            except Exception as exc:
                log.error("housekeeping.failed", chore=getattr(chore, "__name__", "chore"), exc_info=exc)

    def _purge_keys(self) -> None:
        for _ in range(_BATCHES):
            with self.database.writing() as session:
                if idempotency.purge_expired(session, now=self.clock.now(), limit=_BATCH) < _BATCH:
                    return
