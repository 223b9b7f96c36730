import math
from datetime import timedelta

import pytest
from sqlalchemy import event

from wren_backend.runs import lease_repository as leases
from wren_backend.runs import repository as runs
from wren_backend.runs.lease_repository import HAND_BACK_PAUSE, RunOutcome, WaitingWorkspace, order_workspaces
from wren_backend.runs.models import RunStatus
from wren_backend.runs.repository import RunRequest
from wren_backend.testing import NOW, add_deployment, add_run, add_subject

LEASE = timedelta(seconds=30)
EXPIRED = NOW + LEASE + timedelta(seconds=1)
SUCCESS = RunOutcome(status=RunStatus.SUCCESS, result={"sent": 1})


def deployed(database):
    return add_deployment(database, add_subject(database))


def claim(database, worker="w", *, now=NOW):
    with database.writing() as session:
        return leases.claim_next(session, worker, lease=LEASE, now=now)


def finish(database, run, outcome=SUCCESS, *, token=None, now=NOW):
    with database.writing() as session:
        return leases.finish(session, run.id, token or run.lease_token, outcome, now=now)


def heartbeat(database, run, *, now=NOW):
    with database.writing() as session:
        return leases.heartbeat(session, run.id, run.lease_token, lease=LEASE, now=now)


def hand_back(database, run, *, now=NOW):
    with database.writing() as session:
        return leases.hand_back(session, run.id, run.lease_token, now=now)


def recover(database, *, now=EXPIRED):
    with database.writing() as session:
        return leases.recover_expired(session, now=now)


def find(database, run):
    with database.reading() as session:
        return runs.find_run(session, run.workspace_id, run.id)


def running(database):
    add_run(database, deployed(database))
    return claim(database)


def test_a_claim_starts_the_run_under_a_lease(database):
    queued = add_run(database, deployed(database))

    run = claim(database, "worker-1")

    assert (run.id, run.status, run.worker, run.attempt) == (queued.id, RunStatus.RUNNING, "worker-1", 1)
    assert (run.started_at, run.lease_expires_at) == (NOW, NOW + LEASE)
    assert len(run.lease_token) == 43
    assert run.lease_token not in repr(run)


def test_an_empty_queue_gives_nothing(database):
    assert claim(database) is None


def test_the_oldest_available_run_is_claimed_first(database):
    deployment = deployed(database)
    made = [add_run(database, deployment, now=NOW + timedelta(seconds=seconds)) for seconds in (2, 0, 1)]

    claimed = [claim(database, now=EXPIRED).id for _ in made]

    assert claimed == [made[1].id, made[2].id, made[0].id]


def test_a_run_is_not_claimed_before_it_is_available(database):
    deployment = deployed(database)
    request = RunRequest(
        workspace_id=deployment.workspace_id,
        deployment_id=deployment.id,
        version=1,
        user_id=deployment.user_id,
        func="report",
        trigger_type="manual",
        event={},
        event_key="later",
        available_at=NOW + LEASE,
    )
    with database.writing() as session:
        runs.enqueue(session, request, now=NOW)

    assert claim(database, now=NOW) is None
    assert claim(database, now=NOW + LEASE) is not None


def test_many_workers_never_get_the_same_run(database, together):
    deployment = deployed(database)
    made = {add_run(database, deployment, event_key=str(number)).id for number in range(30)}

    def work(number: int) -> list[str]:
        claimed = []
        while run := claim(database, f"w{number}"):
            claimed.append(run.id)
        return claimed

    claimed = [run_id for batch in together(8, work) for run_id in batch]

    assert len(claimed) == 30
    assert set(claimed) == made


def claims(database, count, **options):
    """Claim as one worker of so many threads does; return the workspace of each run."""
    last, found = {}, []
    for number in range(1, count + 1):
        with database.writing() as session:
            run = leases.claim_next(session, "w", lease=LEASE, now=EXPIRED, last_claims=last, **options)
        if run is None:
            return found
        last[run.workspace_id] = number
        found.append(run)
    return found


@pytest.mark.parametrize("flood", [30, 3])
def test_a_workspace_with_many_queued_runs_makes_no_other_wait(database, flood):
    greedy, modest = deployed(database), deployed(database)
    for number in range(flood):
        add_run(database, greedy, now=NOW + timedelta(seconds=number))
    waiting = add_run(database, modest, now=NOW + timedelta(seconds=29))

    first, second = claims(database, 2)

    assert first.workspace_id == greedy.workspace_id
    assert second.id == waiting.id


def test_a_single_thread_serves_workspaces_in_turn(database):
    greedy, modest = deployed(database), deployed(database)
    for number in range(6):
        add_run(database, greedy, now=NOW + timedelta(seconds=number))
    for number in range(2):
        add_run(database, modest, now=NOW + timedelta(seconds=10 + number))
    last, served = {}, []

    for number in range(1, 9):
        with database.writing() as session:
            run = leases.claim_next(session, "w", lease=LEASE, now=EXPIRED, last_claims=last)
        last[run.workspace_id] = number
        served.append("greedy" if run.workspace_id == greedy.workspace_id else "modest")
        finish(database, run, now=EXPIRED)

    assert served == ["greedy", "modest"] * 2 + ["greedy"] * 4


def test_a_worker_performs_so_many_runs_of_one_workspace_and_another_worker_the_next(database):
    greedy = deployed(database)
    for number in range(5):
        add_run(database, greedy, now=NOW + timedelta(seconds=number))

    assert len(claims(database, 5, most=2)) == 2
    with database.writing() as session:
        assert leases.claim_next(session, "another", lease=LEASE, now=EXPIRED, most=2) is not None


def test_the_workspace_that_has_had_the_least_is_served_first():
    waiting = [
        WaitingWorkspace(workspace_id="busy", oldest=NOW, running=2, own=1),
        WaitingWorkspace(workspace_id="recent", oldest=NOW),
        WaitingWorkspace(workspace_id="new", oldest=EXPIRED),
        WaitingWorkspace(workspace_id="full", oldest=NOW, running=2, own=2),
    ]

    order = order_workspaces(waiting, most=2, last_claims={"recent": 5})

    assert order == ["new", "recent", "busy"]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_queue_is_read_from_its_index(database):
    statements = []
    event.listen(database.engine, "before_cursor_execute", lambda *args: statements.append(args[2:4]))
    add_run(database, deployed(database))
    statements.clear()
    claim(database)

    reads = [(text, values) for text, values in statements if "FROM runs" in text and "queued" in text]
    assert len(reads) == 2
    with database.engine.connect() as connection:
        plans = [str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()) for text, values in reads]
    assert all("ix_runs_queue" in plan for plan in plans), plans


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)  # SQLite has one writer at a time: no rivals
def test_a_worker_does_not_wait_for_a_run_a_rival_is_claiming(database):
    deployment = deployed(database)
    add_run(database, deployment, now=NOW - timedelta(seconds=1))
    second = add_run(database, deployment)

    with database.writing() as rival:
        leases.claim_next(rival, "rival", lease=LEASE, now=NOW)
        assert claim(database).id == second.id


def test_a_heartbeat_extends_the_lease(database):
    run = running(database)

    answer = heartbeat(database, run, now=NOW + timedelta(seconds=20))

    assert not answer.is_cancel_requested
    assert recover(database) == []
    assert find(database, run).lease_expires_at == NOW + timedelta(seconds=50)


def test_a_heartbeat_tells_of_a_request_to_stop(database):
    run = running(database)
    with database.writing() as session:
        runs.request_cancel(session, run.workspace_id, run.id, now=NOW)

    assert heartbeat(database, run).is_cancel_requested


def test_a_finished_run_keeps_its_outcome_and_no_lease(database):
    run = running(database)

    finished = finish(database, run, now=NOW + timedelta(seconds=15))

    assert (finished.status, finished.result, finished.error) == (RunStatus.SUCCESS, {"sent": 1}, None)
    assert (finished.completed_at, finished.duration) == (NOW + timedelta(seconds=15), timedelta(seconds=15))
    assert (finished.lease_token, finished.lease_expires_at) == (None, None)
    assert find(database, run) == finished


@pytest.mark.parametrize("status", [RunStatus.FAILED, RunStatus.TIMEOUT, RunStatus.CANCELLED, RunStatus.LOST])
def test_every_way_to_end_is_recorded(database, status):
    error = {"type": "AgentFixableError", "code": "X", "message": "m"}

    finished = finish(database, running(database), RunOutcome(status=status, error=error, is_log_truncated=True))

    assert (finished.status, finished.error, finished.log_truncated) == (status, error, True)


@pytest.mark.parametrize("result", [None, 0, "text", [1, 2], {"a": {"b": None}}, True])
def test_a_result_is_any_json_value(database, result):
    run = running(database)

    finish(database, run, RunOutcome(status=RunStatus.SUCCESS, result=result))

    assert find(database, run).result == result


def test_a_result_that_no_database_could_hold_is_made_storable(database):
    run = running(database)

    finish(database, run, RunOutcome(status=RunStatus.SUCCESS, result={"a": "\x00\ud800", "b": [math.nan, math.inf]}))

    assert find(database, run).result == {"a": "\ufffd\ufffd", "b": ["nan", "inf"]}


@pytest.mark.parametrize("status", [RunStatus.QUEUED, RunStatus.RUNNING])
def test_a_run_cannot_end_unfinished(status):
    with pytest.raises(ValueError, match="does not end"):
        RunOutcome(status=status)


def test_a_run_ends_once(database):
    run = running(database)
    first = finish(database, run)

    assert finish(database, run, RunOutcome(status=RunStatus.FAILED)) is None
    assert find(database, run) == first


def test_a_wrong_token_reports_nothing(database):
    run = running(database)

    assert finish(database, run, token="guessed") is None
    assert find(database, run).status is RunStatus.RUNNING


def test_a_run_whose_worker_went_silent_is_lost_and_not_started_again(database):
    run = running(database)

    lost = recover(database)

    assert [item.id for item in lost] == [run.id]
    assert (lost[0].status, lost[0].completed_at, lost[0].lease_token) == (RunStatus.LOST, EXPIRED, None)
    assert (lost[0].error["type"], lost[0].error["code"]) == ("InternalError", "RUN_LOST")
    assert claim(database, now=EXPIRED) is None


def test_a_lease_that_still_runs_is_left_alone(database):
    run = running(database)

    assert recover(database, now=NOW + LEASE) == []
    assert find(database, run).status is RunStatus.RUNNING


def test_a_worker_that_wakes_up_too_late_is_turned_away(database):
    run = running(database)
    recover(database)

    assert heartbeat(database, run, now=EXPIRED) is None
    assert finish(database, run, now=EXPIRED) is None
    assert hand_back(database, run) is None
    assert find(database, run).status is RunStatus.LOST


def test_finishing_and_recovering_at_once_agree_on_one_end(database, together):
    run = running(database)

    finished, recovered = together(
        2, lambda number: recover(database) if number else finish(database, run, now=EXPIRED)
    )

    assert (finished is None) == (len(recovered) == 1)
    assert find(database, run).status is (RunStatus.LOST if recovered else RunStatus.SUCCESS)


def test_a_run_handed_back_unstarted_is_queued_again_under_a_new_lease(database):
    run = running(database)

    back = hand_back(database, run)

    assert (back.status, back.worker, back.lease_token, back.started_at) == (RunStatus.QUEUED, None, None, None)
    again = claim(database, now=NOW + HAND_BACK_PAUSE)
    assert (again.id, again.attempt) == (run.id, 1)
    assert again.lease_token != run.lease_token
    assert finish(database, run) is None
    assert finish(database, again).status is RunStatus.SUCCESS


def test_a_run_that_was_never_started_is_not_given_up_however_often_it_is_handed_back(database):
    add_run(database, deployed(database))

    for turn in range(20):
        taken = claim(database, now=NOW + turn * HAND_BACK_PAUSE)
        assert taken.attempt == 1
        assert hand_back(database, taken, now=NOW + turn * HAND_BACK_PAUSE).status is RunStatus.QUEUED

    assert claim(database, now=NOW + 19 * HAND_BACK_PAUSE) is None, "it waits for a moment"


def test_the_sandbox_of_a_run_is_recorded_by_its_holder_only(database):
    run = running(database)

    with database.writing() as session:
        assert leases.record_isolation(session, run.id, run.lease_token, isolation="sandlock")
        assert not leases.record_isolation(session, run.id, "guessed", isolation="none")

    assert find(database, run).isolation == "sandlock"
