import pytest

from wren_backend.runs import lease_repository as leases
from wren_backend.runs import log_repository as run_logs
from wren_backend.runs.lease_repository import RunOutcome
from wren_backend.runs.models import RunStatus
from wren_backend.storage.errors import DatabaseBusy
from wren_backend.worker.journal import BATCH_ROWS, MAX_CALLS, RunJournal
from wren_core.protocol.calls import CallRecord


def journal_of(workplace):
    workplace.enqueue(workplace.deploy("pass"))
    run = workplace.claim()
    return run, RunJournal(run, database=workplace.database, clock=workplace.clock)


def lines(workplace, run):
    with workplace.database.reading() as session:
        found = run_logs.list_logs(session, run.workspace_id, run.id, limit=5000)
    return [(line.stream, line.text) for line in found]


def test_output_in_pieces_becomes_whole_lines_in_order(workplace):
    run, journal = journal_of(workplace)

    journal.write("stdout", "one\ntw")
    journal.write("stderr", "oops\n")
    journal.write("stdout", "o\r\nthree")
    journal.flush()
    before = lines(workplace, run)
    journal.close()

    assert before == [("stdout", "one"), ("stderr", "oops"), ("stdout", "two")]
    assert lines(workplace, run)[-1] == ("stdout", "three")


def test_a_line_without_an_end_is_broken_up_instead_of_growing(workplace):
    run, journal = journal_of(workplace)

    journal.write("stdout", "x" * 20_000)
    journal.close()

    assert [len(text) for _, text in lines(workplace, run)] == [8192, 8192, 3616]


def test_a_flood_of_lines_is_written_before_it_fills_the_memory(workplace):
    run, journal = journal_of(workplace)

    journal.write("stdout", "line\n" * 2500)

    assert len(lines(workplace, run)) == 2500


def test_method_calls_are_recorded_with_their_outcome(workplace):
    run, journal = journal_of(workplace)

    journal.call(CallRecord(integration="mail", method="send", ms=12.5, outcome="RATE_LIMITED"))
    journal.close()

    with workplace.database.reading() as session:
        (call,) = run_logs.list_calls(session, run.workspace_id, run.id, limit=10)
    assert (call.integration, call.method, call.ms, call.outcome) == ("mail", "send", 12.5, "RATE_LIMITED")


def test_what_could_not_be_written_waits_and_keeps_its_order(workplace):
    run, _ = journal_of(workplace)
    journal = RunJournal(run, database=workplace.unsteady(writes=1), clock=workplace.clock)

    journal.write("stdout", "one\n")
    journal.call(CallRecord(integration="mail", method="send", ms=1, outcome="ok"))
    with pytest.raises(DatabaseBusy):
        journal.flush()
    journal.write("stdout", "two\n")
    journal.close()

    assert lines(workplace, run) == [("stdout", "one"), ("stdout", "two")]
    with workplace.database.reading() as session:
        assert len(run_logs.list_calls(session, run.workspace_id, run.id, limit=10)) == 1


def test_a_flood_goes_on_while_the_database_is_away(workplace):
    run, _ = journal_of(workplace)
    journal = RunJournal(run, database=workplace.unsteady(writes=1), clock=workplace.clock)

    journal.write("stdout", "line\n" * 2500)
    journal.write("stdout", "last\n")

    assert len(lines(workplace, run)) == 2501


def test_nothing_is_written_after_the_run_has_ended(workplace):
    run, journal = journal_of(workplace)
    with workplace.database.writing() as session:
        outcome = RunOutcome(status=RunStatus.SUCCESS)
        leases.finish(session, run.id, run.lease_token, outcome, now=workplace.clock.now())
    journal.write("stdout", "too late\n")

    assert journal.flush() is False
    assert lines(workplace, run) == []


def test_a_flood_is_written_in_batches_between_which_others_write(workplace, monkeypatch):
    run, journal = journal_of(workplace)
    sizes, store = [], run_logs.append_logs

    def count(session, run_id, token, batch):
        sizes.append(len(batch))
        return store(session, run_id, token, batch)

    monkeypatch.setattr(run_logs, "append_logs", count)
    journal.write("stdout", "\n" * 1900)
    assert journal.flush_batch()
    of_a_pulse = list(sizes)
    journal.close()

    assert of_a_pulse == [BATCH_ROWS]
    assert (max(sizes), sum(sizes)) == (BATCH_ROWS, 1900)
    assert len(lines(workplace, run)) == 1900


def test_a_line_of_the_platform_follows_what_was_written_before_it(workplace):
    run, journal = journal_of(workplace)

    journal.write("stdout", "whole\nunfinished")
    journal.say("the log is cut here")
    journal.close()

    assert lines(workplace, run) == [("stdout", "whole"), ("stdout", "unfinished"), ("system", "the log is cut here")]


def test_calls_beyond_the_limit_are_counted_in_words(workplace):
    run, journal = journal_of(workplace)
    call = CallRecord(integration="mail", method="send", ms=1, outcome="ok")

    for _ in range(MAX_CALLS + 7):
        journal.call(call)
    journal.close()

    with workplace.database.reading() as session:
        found = run_logs.list_calls(session, run.workspace_id, run.id, limit=MAX_CALLS + 10)
    assert len(found) == MAX_CALLS
    assert lines(workplace, run) == [("system", "the first 10000 method calls of a run are listed; 7 more were made")]
