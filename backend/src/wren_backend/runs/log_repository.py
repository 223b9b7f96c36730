"""The log of a run and its method calls: appended in batches by the worker that holds the lease."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import update
from sqlmodel import col, select

from wren_backend.runs.models import Run, RunCall, RunLog, RunStatus
from wren_backend.storage.database import ReadSession, WriteSession
from wren_backend.storage.storable import storable_text
from wren_core.protocol.calls import CallRecord

Stream = Literal["stdout", "stderr", "system"]


@dataclass(frozen=True, kw_only=True)
class LogLine:
    """One line of output, every secret in it already masked."""

    stream: Stream
    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class TimedCall:
    """One method call of a script, with the time at which the worker received it."""

    call: CallRecord
    at: datetime


def append_logs(session: WriteSession, run_id: str, lease_token: str, lines: Sequence[LogLine]) -> int | None:
    """Append lines in their order; return the number of the last one, or None where the lease is lost.

    Append before finishing: a finished run accepts no lines.
    """
    last = _reserve(session, run_id, lease_token, lines=len(lines))
    if last is None:
        return None
    first = last.log_lines - len(lines) + 1
    session.add_all(
        RunLog(run_id=run_id, seq=seq, stream=line.stream, text=storable_text(line.text), at=line.at)
        for seq, line in enumerate(lines, start=first)
    )
    session.flush()
    return last.log_lines


def record_calls(session: WriteSession, run_id: str, lease_token: str, calls: Sequence[TimedCall]) -> int | None:
    """Append method calls in their order; return the number of the last one, or None where the lease is lost."""
    last = _reserve(session, run_id, lease_token, calls=len(calls))
    if last is None:
        return None
    first = last.calls - len(calls) + 1
    session.add_all(
        RunCall(
            run_id=run_id,
            seq=seq,
            integration=storable_text(item.call.integration),
            account=None if item.call.account is None else storable_text(item.call.account),
            method=storable_text(item.call.method),
            ms=item.call.ms,
            outcome=storable_text(item.call.outcome),
            at=item.at,
        )
        for seq, item in enumerate(calls, start=first)
    )
    session.flush()
    return last.calls


def list_logs(session: ReadSession, workspace_id: str, run_id: str, *, after: int = 0, limit: int) -> list[RunLog]:
    """List the lines of a run of that workspace that follow line number `after`."""
    statement = (
        select(RunLog)
        .join(Run, col(Run.id) == col(RunLog.run_id))
        .where(Run.workspace_id == workspace_id, RunLog.run_id == run_id, RunLog.seq > after)
        .order_by(col(RunLog.seq))
        .limit(limit)
    )
    return list(session.exec(statement))


def list_calls(session: ReadSession, workspace_id: str, run_id: str, *, after: int = 0, limit: int) -> list[RunCall]:
    """List the method calls of a run of that workspace that follow call number `after`."""
    statement = (
        select(RunCall)
        .join(Run, col(Run.id) == col(RunCall.run_id))
        .where(Run.workspace_id == workspace_id, RunCall.run_id == run_id, RunCall.seq > after)
        .order_by(col(RunCall.seq))
        .limit(limit)
    )
    return list(session.exec(statement))


def _reserve(session: WriteSession, run_id: str, lease_token: str, *, lines: int = 0, calls: int = 0) -> Run | None:
    """Take the next numbers for the holder of the lease, in one statement, so that none is taken twice."""
    lease = (col(Run.id) == run_id, col(Run.lease_token) == lease_token, col(Run.status) == RunStatus.RUNNING)
    taken = {"log_lines": Run.log_lines + lines, "calls": Run.calls + calls}
    rows = session.returning(update(Run).where(*lease).values(taken).returning(Run))
    return rows[0] if rows else None
