from datetime import timedelta

from wren_backend.runs import lease_repository as leases
from wren_backend.runs import log_repository as logs
from wren_backend.runs import repository as runs
from wren_backend.runs.log_repository import LogLine, TimedCall
from wren_backend.runs.models import RunStatus
from wren_backend.testing import NOW, add_deployment, add_run, add_subject
from wren_core.protocol.calls import CallRecord


def running(database):
    add_run(database, add_deployment(database, add_subject(database)))
    with database.writing() as session:
        return leases.claim_next(session, "w", lease=timedelta(seconds=30), now=NOW)


def append(database, run, *texts, token=None):
    lines = [LogLine(stream="stdout", text=text, at=NOW) for text in texts]
    with database.writing() as session:
        return logs.append_logs(session, run.id, token or run.lease_token, lines)


def texts(database, run, *, after=0, limit=100):
    with database.reading() as session:
        return [
            (row.seq, row.text) for row in logs.list_logs(session, run.workspace_id, run.id, after=after, limit=limit)
        ]


def call(method, outcome="ok"):
    return TimedCall(call=CallRecord(integration="gmail", method=method, ms=1.5, outcome=outcome), at=NOW)


def test_lines_are_numbered_in_their_order_across_batches(database):
    run = running(database)

    numbers = [append(database, run, "a", "b"), append(database, run, "c"), append(database, run)]

    assert numbers == [2, 3, 3]
    assert texts(database, run) == [(1, "a"), (2, "b"), (3, "c")]
    with database.reading() as session:
        assert runs.find_run(session, run.workspace_id, run.id).log_lines == 3


def test_reading_goes_on_after_a_line_number(database):
    run = running(database)
    append(database, run, "a", "b", "c", "d")

    assert texts(database, run, after=2) == [(3, "c"), (4, "d")]
    assert texts(database, run, after=1, limit=2) == [(2, "b"), (3, "c")]
    assert texts(database, run, after=4) == []


def test_streams_and_times_are_kept(database):
    run = running(database)
    lines = [LogLine(stream="stderr", text="e", at=NOW), LogLine(stream="system", text="s", at=NOW + timedelta(1))]

    with database.writing() as session:
        logs.append_logs(session, run.id, run.lease_token, lines)

    with database.reading() as session:
        rows = logs.list_logs(session, run.workspace_id, run.id, limit=10)
    assert [(row.stream, row.at) for row in rows] == [("stderr", NOW), ("system", NOW + timedelta(1))]


def test_text_that_no_database_could_hold_is_made_storable(database):
    run = running(database)

    append(database, run, "a\x00b", "half \ud83d", "\x1b[31mred", "")

    assert [text for _seq, text in texts(database, run)] == ["a\ufffdb", "half \ufffd", "\x1b[31mred", ""]


def test_a_calls_names_that_no_database_could_hold_are_made_storable(database):
    run = running(database)
    record = CallRecord(integration="a\x00b", method="half \ud83d", ms=1.0, outcome="\x00")

    with database.writing() as session:
        logs.record_calls(session, run.id, run.lease_token, [TimedCall(call=record, at=NOW)])
    with database.reading() as session:
        (row,) = logs.list_calls(session, run.workspace_id, run.id, limit=10)

    assert (row.integration, row.method, row.outcome) == ("a\ufffdb", "half \ufffd", "\ufffd")


def test_who_lost_the_lease_appends_nothing(database):
    run = running(database)
    append(database, run, "a")

    assert append(database, run, "x", token="guessed") is None
    with database.writing() as session:
        leases.recover_expired(session, now=NOW + timedelta(minutes=1))
    assert append(database, run, "x") is None

    assert texts(database, run) == [(1, "a")]


def test_a_finished_run_takes_no_more_lines(database):
    run = running(database)
    with database.writing() as session:
        outcome = leases.RunOutcome(status=RunStatus.SUCCESS)
        leases.finish(session, run.id, run.lease_token, outcome, now=NOW)

    assert append(database, run, "late") is None


def test_appending_from_two_threads_gives_no_number_twice(database, together):
    run = running(database)

    together(8, lambda number: [append(database, run, f"{number}-{line}") for line in range(5)])

    lines = texts(database, run)
    assert [seq for seq, _text in lines] == list(range(1, 41))
    assert len({text for _seq, text in lines}) == 40


def test_calls_are_numbered_and_listed(database):
    run = running(database)

    with database.writing() as session:
        assert logs.record_calls(session, run.id, run.lease_token, [call("inbox"), call("send", "RATE_LIMITED")]) == 2
        assert logs.record_calls(session, run.id, "guessed", [call("x")]) is None

    with database.reading() as session:
        rows = logs.list_calls(session, run.workspace_id, run.id, limit=10)
        assert logs.list_calls(session, run.workspace_id, run.id, after=1, limit=10) == rows[1:]
        assert runs.find_run(session, run.workspace_id, run.id).calls == 2
    assert [(row.seq, row.integration, row.method, row.ms, row.outcome) for row in rows] == [
        (1, "gmail", "inbox", 1.5, "ok"),
        (2, "gmail", "send", 1.5, "RATE_LIMITED"),
    ]


def test_lines_and_calls_of_another_workspace_are_not_listed(database):
    run, stranger = running(database), add_subject(database).workspace_id
    append(database, run, "secret business")
    with database.writing() as session:
        logs.record_calls(session, run.id, run.lease_token, [call("inbox")])

    with database.reading() as session:
        assert logs.list_logs(session, stranger, run.id, limit=10) == []
        assert logs.list_calls(session, stranger, run.id, limit=10) == []
