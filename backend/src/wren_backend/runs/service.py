"""Use cases of runs: read one, read its log, stop it."""

from dataclasses import dataclass

from wren_backend.clock import Clock
from wren_backend.runs import cost_repository as run_costs
from wren_backend.runs import log_repository as run_logs
from wren_backend.runs import repository as runs
from wren_backend.runs.cost_repository import RunCost
from wren_backend.runs.feeds import RunFeeds
from wren_backend.runs.models import Run, RunCall, RunLog, RunStatus
from wren_backend.storage.database import Database, ReadSession
from wren_backend.storage.pagination import CursorCodec
from wren_backend.tenancy.auth import Subject
from wren_backend.tenancy.errors import MissingObject
from wren_backend.tenancy.ownership import require_owner

# Lines of one answer; the reader asks for those after the last one.
MAX_LOG_LINES = 1000
_MAX_CALLS = 1000
_LIST_NAME = "runs"


@dataclass(frozen=True, kw_only=True)
class RunService:
    """What a subject may do with runs of its workspace."""

    database: Database
    clock: Clock
    cursors: CursorCodec
    feeds: RunFeeds

    def get(self, subject: Subject, run_id: str) -> tuple[Run, list[RunCall], RunCost]:
        """Return a run, the method calls it made and what models cost it.

        Raises:
            MissingObject: no such run in this workspace.
            NotAllowed: it is the run of another user.
        """
        with self.database.reading() as session:
            run = _find_readable(session, subject, run_id)
            calls = run_logs.list_calls(session, subject.workspace_id, run_id, limit=_MAX_CALLS)
            return run, calls, run_costs.cost_of_run(session, subject.workspace_id, run_id, limit=_MAX_CALLS)

    def find(self, subject: Subject, run_id: str) -> Run:
        """Return a run without anything that belongs to it.

        Raises:
            MissingObject: no such run in this workspace.
        """
        with self.database.reading() as session:
            run = runs.find_run(session, subject.workspace_id, run_id)
        if run is None:
            raise _missing(run_id)
        return run

    def list_page(
        self,
        subject: Subject,
        *,
        deployment_id: str | None = None,
        status: RunStatus | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> tuple[list[Run], str | None]:
        """Return a page of runs, newest first, and the cursor of the next page; empty for an unknown deployment.

        A user sees the runs that used their accounts; an admin all of the workspace.

        Raises:
            CursorInvalid: the cursor is not one of this workspace.
        """
        workspace_id = subject.workspace_id
        after = self.cursors.decode(cursor, workspace_id=workspace_id, of=_LIST_NAME)
        with self.database.reading() as session:
            page = runs.list_runs(
                session,
                workspace_id,
                user_id=None if subject.is_admin else subject.user_id,
                deployment_id=deployment_id,
                status=status,
                limit=limit,
                after=after,
            )
        return page.items, self.cursors.encode(page.next, workspace_id=workspace_id, of=_LIST_NAME)

    def logs(self, subject: Subject, run_id: str, *, after: int = 0) -> tuple[Run, list[RunLog]]:
        """Return the run, and its lines after line number `after`, at most `MAX_LOG_LINES`.

        Raises:
            MissingObject: no such run in this workspace.
            NotAllowed: it is the run of another user.
        """
        with self.database.reading() as session:
            run = _find_readable(session, subject, run_id)
            return run, run_logs.list_logs(session, subject.workspace_id, run_id, after=after, limit=MAX_LOG_LINES)

    def cancel(self, subject: Subject, run_id: str) -> Run:
        """Ask a run to stop; a finished one stays as it is.

        Raises:
            MissingObject: no such run in this workspace.
            NotAllowed: it is the run of another user.
        """
        with self.database.writing() as session:
            _find_readable(session, subject, run_id)
            run = runs.request_cancel(session, subject.workspace_id, run_id, now=self.clock.now())
        if run is None:
            raise _missing(run_id)
        return run


def _find_readable(session: ReadSession, subject: Subject, run_id: str) -> Run:
    """Return a run of the subject, or of its workspace for an admin.

    A run shows what the accounts of its user hold: its log, its result and its calls are for this user and for admins.
    """
    run = runs.find_run(session, subject.workspace_id, run_id)
    if run is None:
        raise _missing(run_id)
    require_owner(session, subject, run.user_id, run_id)
    return run


def _missing(run_id: str) -> MissingObject:
    return MissingObject(f"there is no run {run_id!r} in this workspace", details={"run_id": run_id})
