"""Deletes what is older, or more, than the operator keeps: a few short transactions at a time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from wren_backend.clock import Clock
from wren_backend.messages import repository as messages
from wren_backend.runs import retention_repository as runs
from wren_backend.storage.database import Database
from wren_backend.storage.pagination import Position
from wren_backend.tenancy import repository as tenancy

# Rows of one transaction, and transactions of one chore: the rest waits for the next minute.
_BATCH = 200
_LINES = 2000
_BATCHES = 25


@dataclass(frozen=True, kw_only=True)
class Keep:
    """How long things are kept, and how many of a workspace."""

    logs: timedelta
    """Lines and calls of a run, after its end."""
    runs: timedelta
    """Runs with event and result, after their end; the last one of a deployment stays."""
    messages: timedelta
    runs_per_workspace: int
    messages_per_workspace: int


class Retention:
    """The chores of retention; each does a bounded part, and goes on where it ended.

    Args:
        database: what is tidied.
        clock: tells the age of things.
        keep: what is kept.
    """

    def __init__(self, *, database: Database, clock: Clock, keep: Keep) -> None:
        self._database = database
        self._clock = clock
        self._keep = keep
        self._read_to: Position | None = None

    @property
    def chores(self) -> tuple[Callable[[], None], ...]:
        """The chores, to be called in this order now and then."""
        return (self.delete_old_logs, self.delete_old_runs, self.delete_old_messages, self.enforce_caps)

    def delete_old_logs(self) -> None:
        """Delete lines and calls of runs that ended long ago; a restart looks through all of them once more."""
        before = self._clock.now() - min(self._keep.logs, self._keep.runs)
        for _ in range(_BATCHES):
            with self._database.reading() as session:
                found = runs.list_ended(session, before=before, after=self._read_to, limit=_BATCH)
            for run_id, ended_at in found:
                self._delete_entries(run_id)
                self._read_to = Position(created_at=ended_at, id=run_id)
            if len(found) < _BATCH:
                return

    def delete_old_runs(self) -> None:
        """Delete runs that ended long ago."""
        before = self._clock.now() - self._keep.runs
        for _ in range(_BATCHES):
            with self._database.reading() as session:
                found = runs.list_replaced(session, before=before, limit=_BATCH)
            self._delete_runs(found)
            if len(found) < _BATCH:
                return

    def delete_old_messages(self) -> None:
        """Delete messages that are old, read or not."""
        before = self._clock.now() - self._keep.messages
        for _ in range(_BATCHES):
            with self._database.writing() as session:
                if messages.delete_old(session, before=before, limit=_BATCH) < _BATCH:
                    return

    def enforce_caps(self) -> None:
        """Delete the oldest runs and messages of workspaces that have more than they may."""
        with self._database.reading() as session:
            workspaces = [workspace.id for workspace in tenancy.list_workspaces(session)]
        for workspace_id in workspaces:
            with self._database.reading() as session:
                excess = runs.list_excess(
                    session, workspace_id, most=self._keep.runs_per_workspace, limit=_BATCH * _BATCHES
                )
            for start in range(0, len(excess), _BATCH):
                self._delete_runs(excess[start : start + _BATCH])
            self._cap_messages(workspace_id)

    def _cap_messages(self, workspace_id: str) -> None:
        most = self._keep.messages_per_workspace
        for _ in range(_BATCHES):
            with self._database.writing() as session:
                if messages.delete_excess(session, workspace_id, most=most, limit=_BATCH) < _BATCH:
                    return

    def _delete_runs(self, run_ids: list[str]) -> None:
        for run_id in run_ids:
            self._delete_entries(run_id)
        if run_ids:
            with self._database.writing() as session:
                runs.delete_runs(session, run_ids)

    def _delete_entries(self, run_id: str) -> None:
        while True:
            with self._database.writing() as session:
                if not runs.delete_entries(session, run_id, limit=_LINES):
                    return
