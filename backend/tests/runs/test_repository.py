from datetime import timedelta

from sqlmodel import select

from wren_backend.runs import lease_repository as leases
from wren_backend.runs import repository as runs
from wren_backend.runs.models import Run, RunStatus
from wren_backend.runs.repository import RunRequest
from wren_backend.testing import NOW, add_deployment, add_run, add_subject

LATER = NOW + timedelta(hours=1)


def request(deployment, **fields):
    given = {
        "workspace_id": deployment.workspace_id,
        "deployment_id": deployment.id,
        "version": deployment.version,
        "user_id": deployment.user_id,
        "func": "report",
        "trigger_type": "manual",
        "event": {"trigger": "manual"},
        "event_key": "event-1",
    }
    return RunRequest(**{**given, **fields})


def enqueue(database, deployment, **fields):
    with database.writing() as session:
        return runs.enqueue(session, request(deployment, **fields), now=NOW)


def deployed(database):
    return add_deployment(database, add_subject(database))


def claim(database, *, now=NOW):
    with database.writing() as session:
        return leases.claim_next(session, "w", lease=timedelta(seconds=30), now=now)


def finish(database, run, status=RunStatus.SUCCESS):
    with database.writing() as session:
        return leases.finish(session, run.id, run.lease_token, leases.RunOutcome(status=status), now=LATER)


def find(database, run):
    with database.reading() as session:
        return runs.find_run(session, run.workspace_id, run.id)


def cancel(database, run):
    with database.writing() as session:
        return runs.request_cancel(session, run.workspace_id, run.id, now=LATER)


def test_an_event_becomes_a_queued_run(database):
    deployment = deployed(database)

    entry = enqueue(database, deployment, correlation_id="corr_1", event={"payload": {"n": 1}})

    run = find(database, entry.run)
    assert entry.is_new
    assert run == entry.run
    assert (run.status, run.func, run.event, run.correlation_id) == (
        RunStatus.QUEUED,
        "report",
        {"payload": {"n": 1}},
        "corr_1",
    )
    assert (run.version, run.user_id, run.available_at, run.attempt) == (1, deployment.user_id, NOW, 0)
    assert run.duration is None


def test_the_same_event_again_is_the_same_run(database):
    deployment = deployed(database)
    first = enqueue(database, deployment)

    again = enqueue(database, deployment, event={"trigger": "manual", "payload": {"other": 1}})

    assert not again.is_new
    assert again.run == first.run


def test_the_same_event_from_many_threads_is_one_run(database, together):
    deployment = deployed(database)

    entries = together(20, lambda _number: enqueue(database, deployment))

    assert [entry.is_new for entry in entries].count(True) == 1
    assert len({entry.run.id for entry in entries}) == 1
    with database.reading() as session:
        assert len(session.exec(select(Run)).all()) == 1


def test_other_events_and_other_sources_are_other_runs(database):
    deployment, other = deployed(database), deployed(database)

    entries = [
        enqueue(database, deployment),
        enqueue(database, deployment, event_key="event-2"),
        enqueue(database, other),
    ]

    assert [entry.is_new for entry in entries] == [True, True, True]


def test_an_event_that_no_database_could_hold_is_made_storable(database):
    entry = enqueue(database, deployed(database), event={"text": "a\x00b\ud800", "n": float("inf")})

    assert find(database, entry.run).event == {"text": "a\ufffdb\ufffd", "n": "inf"}


def test_a_run_of_another_workspace_is_not_found(database):
    run, stranger = add_run(database, deployed(database)), add_subject(database).workspace_id

    with database.writing() as session:
        assert runs.find_run(session, stranger, run.id) is None
        assert runs.request_cancel(session, stranger, run.id, now=LATER) is None
        assert runs.list_runs(session, stranger, limit=10).items == []
        assert runs.list_runs(session, stranger, deployment_id=run.deployment_id, limit=10).items == []
        assert runs.cancel_queued(session, stranger, run.deployment_id, now=LATER) == 0

    assert find(database, run).status is RunStatus.QUEUED


def test_runs_are_listed_newest_first_page_by_page(database):
    deployment = deployed(database)
    made = [add_run(database, deployment, now=NOW + timedelta(seconds=number // 2)) for number in range(7)]
    pages, after = [], None

    with database.reading() as session:
        while True:
            page = runs.list_runs(session, deployment.workspace_id, limit=3, after=after)
            pages.append([run.id for run in page.items])
            if (after := page.next) is None:
                break

    newest_first = [run.id for run in sorted(made, key=lambda run: (run.created_at, run.id), reverse=True)]
    assert pages == [newest_first[0:3], newest_first[3:6], newest_first[6:]]


def test_a_run_queued_between_two_pages_does_not_shift_the_second(database):
    deployment = deployed(database)
    made = [add_run(database, deployment, now=NOW + timedelta(seconds=number)) for number in range(4)]
    with database.reading() as session:
        first = runs.list_runs(session, deployment.workspace_id, limit=2)
    add_run(database, deployment, now=LATER)

    with database.reading() as session:
        second = runs.list_runs(session, deployment.workspace_id, limit=2, after=first.next)

    assert [run.id for run in second.items] == [made[1].id, made[0].id]


def test_runs_are_listed_by_deployment_and_status(database):
    subject = add_subject(database)
    one, two = add_deployment(database, subject, name="1"), add_deployment(database, subject, name="2")
    first, second = add_run(database, one), add_run(database, two)
    cancel(database, second)

    with database.reading() as session:
        of_one = runs.list_runs(session, subject.workspace_id, deployment_id=one.id, limit=10)
        cancelled = runs.list_runs(session, subject.workspace_id, status=RunStatus.CANCELLED, limit=10)

    assert [run.id for run in of_one.items] == [first.id]
    assert [run.id for run in cancelled.items] == [second.id]


def test_a_queued_run_is_cancelled_at_once(database):
    run = add_run(database, deployed(database))

    cancelled = cancel(database, run)

    assert (cancelled.status, cancelled.completed_at) == (RunStatus.CANCELLED, LATER)
    assert claim(database) is None


def test_a_running_run_is_asked_to_stop(database):
    add_run(database, deployed(database))
    run = claim(database)

    asked = cancel(database, run)

    assert (asked.status, asked.cancel_requested_at, asked.completed_at) == (RunStatus.RUNNING, LATER, None)


def test_a_finished_run_stays_as_it_is(database):
    add_run(database, deployed(database))
    run = claim(database)
    finished = finish(database, run)

    assert cancel(database, run) == finished
    assert find(database, run).cancel_requested_at is None


def test_cancelling_and_claiming_at_once_never_loses_the_request(database, together):
    run = add_run(database, deployed(database))

    together(2, lambda number: cancel(database, run) if number else claim(database))

    after = find(database, run)
    assert after.cancel_requested_at == LATER
    assert after.status in (RunStatus.CANCELLED, RunStatus.RUNNING)


def test_the_queue_is_counted(database):
    deployment = deployed(database)
    for minutes in (3, 2, 1):
        add_run(database, deployment, now=NOW - timedelta(minutes=minutes))
    claim(database)

    with database.reading() as session:
        statistics = runs.queue_statistics(session)

    assert (statistics.queued, statistics.running) == (2, 1)
    assert statistics.oldest_queued_at == NOW - timedelta(minutes=2)


def test_an_empty_queue_has_no_oldest_run(database):
    with database.reading() as session:
        assert runs.queue_statistics(session) == runs.QueueStatistics(queued=0, running=0, oldest_queued_at=None)
