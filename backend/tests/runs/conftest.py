from datetime import timedelta

import pytest

from wren_backend.runs import lease_repository as leases
from wren_backend.runs import log_repository as run_logs
from wren_backend.runs.lease_repository import RunOutcome
from wren_backend.runs.log_repository import LogLine, TimedCall
from wren_backend.runs.models import Run, RunStatus
from wren_backend.testing import NOW, add_deployment, add_run
from wren_core.protocol.calls import CallRecord


class Book:
    """Runs of one member, taken through their states as a worker does."""

    def __init__(self, platform, member) -> None:
        self.database = platform.database
        self.deployment = add_deployment(self.database, member.subject, name="report")

    def queue(self, *, seconds: int = 0) -> Run:
        """Queue a run, so many seconds later than the first."""
        return add_run(self.database, self.deployment, now=NOW + timedelta(seconds=seconds))

    def start(self, *texts: str) -> Run:
        """Queue and claim a run that has written some lines."""
        self.queue()
        run = self.claim()
        self.write(run, *texts)
        return run

    def claim(self) -> Run:
        """Claim what is queued."""
        with self.database.writing() as session:
            return leases.claim_next(session, "a worker", lease=timedelta(hours=1), now=NOW)

    def write(self, run: Run, *texts: str, stream: str = "stdout") -> None:
        """Append lines."""
        lines = [LogLine(stream=stream, text=text, at=NOW) for text in texts]
        with self.database.writing() as session:
            run_logs.append_logs(session, run.id, run.lease_token, lines)

    def call(self, run: Run, method: str, *, outcome: str = "ok") -> None:
        """Record a method call."""
        made = TimedCall(call=CallRecord(integration="mail", method=method, ms=12.5, outcome=outcome), at=NOW)
        with self.database.writing() as session:
            run_logs.record_calls(session, run.id, run.lease_token, [made])

    def finish(self, run: Run, status: RunStatus = RunStatus.SUCCESS, *, seconds: float = 15, **outcome) -> None:
        """End a run so long after it began."""
        ended = RunOutcome(status=status, **outcome)
        with self.database.writing() as session:
            leases.finish(session, run.id, run.lease_token, ended, now=NOW + timedelta(seconds=seconds))


@pytest.fixture
def book(platform, member) -> Book:
    """The member's runs."""
    return Book(platform, member)


@pytest.fixture
def book_of(platform):
    """The runs of another user."""
    return lambda member: Book(platform, member)
