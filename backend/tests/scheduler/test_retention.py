from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event, func
from sqlmodel import select

from wren_backend.clock import ManualClock
from wren_backend.messages import repository as messages
from wren_backend.messages.models import InboxMessage
from wren_backend.messages.repository import NewMessage
from wren_backend.runs import lease_repository as leases
from wren_backend.runs import log_repository as run_logs
from wren_backend.runs.lease_repository import RunOutcome
from wren_backend.runs.log_repository import LogLine, TimedCall
from wren_backend.runs.models import AIMonth, Run, RunCall, RunLog, RunStatus
from wren_backend.scheduler.retention import Keep, Retention
from wren_backend.testing import NOW, add_deployment, add_run, add_subject
from wren_core.protocol.calls import CallRecord

DAY = timedelta(days=1)
KEEP = Keep(logs=30 * DAY, runs=90 * DAY, messages=60 * DAY, runs_per_workspace=100, messages_per_workspace=100)


@pytest.fixture
def subject(database):
    return add_subject(database)


@pytest.fixture
def deployment(database, subject):
    return add_deployment(database, subject)


def finished(database, deployment, *, days, lines=3):
    """Make a run that ended so many days ago."""
    at = NOW - days * DAY
    add_run(database, deployment, now=at)
    with database.writing() as session:
        run = leases.claim_next(session, "w", lease=DAY, now=at)
        run_logs.append_logs(session, run.id, run.lease_token, [LogLine(stream="stdout", text="x", at=at)] * lines)
        call = TimedCall(call=CallRecord(integration="mail", method="send", ms=1, outcome="ok"), at=at)
        run_logs.record_calls(session, run.id, run.lease_token, [call])
        leases.finish(session, run.id, run.lease_token, RunOutcome(status=RunStatus.SUCCESS, result="r"), now=at)
    return run.id


def send(database, subject, *, days, count=1):
    with database.writing() as session:
        for _ in range(count):
            message = NewMessage(sender="s", body="b")
            messages.add_message(session, subject.workspace_id, message, now=NOW - days * DAY)


def tidy(database, keep=KEEP, now=NOW):
    retention = Retention(database=database, clock=ManualClock(now), keep=keep)
    for chore in retention.chores:
        chore()
    return retention


def ids(database):
    with database.reading() as session:
        return set(session.exec(select(Run.id)))


def count(database, table):
    with database.reading() as session:
        return session.exec(select(func.count()).select_from(table)).one()


def test_logs_go_first_then_runs_and_the_last_run_of_a_deployment_stays(database, subject, deployment):
    silent = add_deployment(database, subject, name="silent")
    last_of_silent = finished(database, silent, days=200)
    _, old, young = (finished(database, deployment, days=days) for days in (91, 31, 29))

    tidy(database)

    assert ids(database) == {last_of_silent, old, young}
    with database.reading() as session:
        assert set(session.exec(select(RunLog.run_id))) == {young}
        assert set(session.exec(select(RunCall.run_id))) == {young}


def test_a_run_that_has_not_ended_is_kept_however_old(database, deployment):
    queued = add_run(database, deployment, now=NOW - 500 * DAY).id
    add_run(database, deployment, now=NOW - 400 * DAY)

    tidy(database, replace(KEEP, runs_per_workspace=1))

    assert queued in ids(database)


def test_what_models_cost_in_a_month_outlives_the_runs(database, subject, spend):
    deployment, run = spend(database, subject, at=NOW - 100 * DAY)
    with database.writing() as session:
        claimed = leases.claim_next(session, "w", lease=DAY, now=NOW)
        leases.finish(session, claimed.id, claimed.lease_token, RunOutcome(status=RunStatus.SUCCESS), now=NOW)
    finished(database, deployment, days=0)

    tidy(database, now=NOW + 100 * DAY)

    assert run.id not in ids(database)
    assert count(database, AIMonth) == 1


def test_of_too_many_runs_the_oldest_go_and_other_workspaces_keep_theirs(database, deployment):
    other = add_deployment(database, add_subject(database))
    made = [finished(database, deployment, days=days) for days in (9, 8, 7, 6, 5)]
    kept = finished(database, other, days=20)

    tidy(database, replace(KEEP, runs_per_workspace=3))

    assert ids(database) == {*made[2:], kept}


def test_messages_go_by_age_and_by_number(database, subject):
    other = add_subject(database)
    send(database, subject, days=61, count=3)
    send(database, subject, days=59, count=6)
    send(database, other, days=1, count=2)

    tidy(database, replace(KEEP, messages_per_workspace=4))

    assert count(database, InboxMessage) == 4 + 2


def test_more_than_one_batch_is_deleted_in_transactions_of_bounded_size(database, deployment, subject):
    finished(database, deployment, days=40, lines=4500)
    send(database, subject, days=70, count=450)
    sizes = []
    event.listen(database.engine, "after_cursor_execute", lambda *args: sizes.append(deleted_rows(args)))

    tidy(database)

    assert (count(database, RunLog), count(database, InboxMessage)) == (0, 0)
    assert max(sizes) <= 2000
    assert len([size for size in sizes if size]) >= 3 + 3


def deleted_rows(arguments):
    _, cursor, statement = arguments[:3]
    return cursor.rowcount if statement.startswith("DELETE") else 0


def test_logs_that_were_looked_through_are_not_read_again(database, deployment):
    finished(database, deployment, days=40)
    retention = tidy(database)
    later = finished(database, deployment, days=35)
    retention.delete_old_logs()

    with database.reading() as session:
        assert later not in set(session.exec(select(RunLog.run_id)))
