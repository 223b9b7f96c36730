import threading
from contextlib import contextmanager
from datetime import timedelta
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from wren_backend.executor.executor import Executor
from wren_backend.executor.port import SandboxStatus
from wren_backend.executor.refusing_sandbox import RefusingSandbox
from wren_backend.runs import lease_repository as leases
from wren_backend.runs import log_repository as run_logs
from wren_backend.runs import repository as runs
from wren_backend.runs.lease_repository import RunOutcome
from wren_backend.runs.models import RunStatus
from wren_backend.worker.loop import share_of_workspace
from wren_backend.worker.perform import ActiveRun
from wren_core.contract.spec import IntegrationSpec
from wren_core.errors import UserFacingConfigError

GOOD = "def job(event):\n    print('hello')\n    return {'n': event.payload['n']}\n"
ENDLESS = "import time\ndef job():\n    print('begun', flush=True)\n    time.sleep(600)\n"


@contextmanager
def started(worker):
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(grace=timedelta(seconds=5))


def logs(workplace, run):
    with workplace.database.reading() as session:
        lines = run_logs.list_logs(session, run.workspace_id, run.id, limit=100)
    return [(line.stream, line.text) for line in lines]


def until_it_says(workplace, run, text):
    waiting = threading.Event()
    for _ in range(400):
        if any(text in line for _, line in logs(workplace, run)):
            return
        waiting.wait(0.05)
    raise AssertionError(f"never said {text!r}")


def test_a_queued_run_is_performed_and_recorded_with_log_result_and_isolation(workplace):
    run = workplace.enqueue(workplace.deploy(GOOD))

    with started(workplace.worker()):
        done = workplace.until_final(run.id)

    assert (done.status, done.result, done.error) == (RunStatus.SUCCESS, {"n": 7}, None)
    assert done.isolation == "none"
    assert logs(workplace, run) == [("stdout", "hello")]
    assert b'wren_runs_total{status="success",trigger="manual"} 1.0' in workplace.metrics.render()


def test_a_failing_script_is_recorded_with_its_error_and_line(workplace):
    run = workplace.enqueue(workplace.deploy("def job():\n    return 1 / 0\n"))

    with started(workplace.worker()):
        done = workplace.until_final(run.id)

    assert done.status is RunStatus.FAILED
    assert (done.error["type"], done.error["code"], done.error["line"]) == ("AgentFixableError", "SCRIPT_FAILED", 2)


def test_missing_credentials_fail_the_run_with_the_page_to_go_to_and_a_line_in_its_log(workplace):
    class Disconnected:
        def select(self, subject, integration, alias=None):
            raise UserFacingConfigError(
                "connect mail first", code="INTEGRATION_NOT_CONFIGURED", action_url="http://x/setup"
            )

        refresh = None

    run = workplace.enqueue(workplace.deploy(GOOD, integrations=["mail"]))
    registry = SimpleNamespace(spec=lambda name: IntegrationSpec(name=name, display_name="Mail"))

    with started(workplace.worker(credentials=Disconnected(), registry=registry)):
        done = workplace.until_final(run.id)

    assert (done.status, done.error["code"]) == (RunStatus.FAILED, "INTEGRATION_NOT_CONFIGURED")
    assert done.error["action_url"] == "http://x/setup"
    assert logs(workplace, run) == [("system", "the run did not start: connect mail first")]


def test_without_a_sandbox_no_script_runs_and_the_run_says_why(workplace):
    status = SandboxStatus(available=False, backend="sandlock", reason="this kernel has no Landlock")
    executor = Executor(RefusingSandbox(status), runs_root=workplace.runs_root)
    run = workplace.enqueue(workplace.deploy(GOOD))

    with started(workplace.worker(executor=executor)):
        done = workplace.until_final(run.id)

    assert (done.status, done.error["code"], done.isolation) == (RunStatus.FAILED, "SANDBOX_UNAVAILABLE", "refused")
    assert "this kernel has no Landlock" in done.error["message"]
    assert "WREN_SANDBOX=none" in done.error["message"]


@pytest.mark.parametrize(("has_ended", "events"), [(True, []), (False, ["run.lease_lost"])])
def test_a_heartbeat_that_comes_when_a_run_has_just_ended_reports_no_loss(workplace, has_ended, events):
    workplace.enqueue(workplace.deploy(GOOD))
    run, worker = workplace.claim(), workplace.worker()
    active = ActiveRun(run=run, journal=worker._journal(run))
    worker._active[run.id] = active
    with workplace.database.writing() as session:
        outcome = RunOutcome(status=RunStatus.SUCCESS)
        leases.finish(session, run.id, run.lease_token, outcome, now=workplace.clock.now())
    if has_ended:
        active.ended.set()

    with capture_logs() as logged:
        worker._beat()

    assert [line["event"] for line in logged] == events
    assert active.cancel.is_set() is not has_ended


def test_runs_that_end_while_heartbeats_are_sent_report_no_loss(workplace):
    deployment = workplace.deploy("def job():\n    return 1\n")
    made = [workplace.enqueue(deployment, key=str(number)) for number in range(8)]
    worker = workplace.worker(concurrency=4)
    finish = worker._record

    def record(active, outcome):
        finished = finish(active, outcome)
        worker._beat()  # between the end in the database and the end of the claim
        return finished

    worker._record = record
    with capture_logs() as logged, started(worker):
        ended = [workplace.until_final(run.id).status for run in made]

    assert ended == [RunStatus.SUCCESS] * 8
    assert [line["event"] for line in logged if line["event"] in ("run.lease_lost", "run.report_refused")] == []


@pytest.mark.parametrize(
    ("concurrency", "workspaces", "configured", "share"),
    [(2, 1, None, 2), (2, 2, None, 1), (1, 5, None, 1), (5, 2, None, 3), (4, 1, 1, 1), (2, 2, 9, 2), (8, 3, 6, 6)],
)
def test_a_workspace_that_is_not_alone_gets_half_of_a_worker(concurrency, workspaces, configured, share):
    assert share_of_workspace(concurrency, workspaces=workspaces, configured=configured) == share


def test_a_cancelled_run_stops_within_seconds(workplace):
    run = workplace.enqueue(workplace.deploy(ENDLESS))

    with started(workplace.worker()):
        until_it_says(workplace, run, "begun")
        with workplace.database.writing() as session:
            runs.request_cancel(session, run.workspace_id, run.id, now=workplace.clock.now())
        done = workplace.until_final(run.id, seconds=10)

    assert done.status is RunStatus.CANCELLED


def test_a_worker_that_stops_gives_running_scripts_their_grace_and_then_ends_them(workplace):
    run = workplace.enqueue(workplace.deploy(ENDLESS))
    worker = workplace.worker()
    worker.start()
    until_it_says(workplace, run, "begun")

    worker.stop(grace=timedelta(seconds=0.1))

    assert workplace.run(run.id).status is RunStatus.CANCELLED
    assert ("system", "stopped: the worker shuts down") in logs(workplace, run)
    assert not worker.is_alive()


def test_a_run_whose_lease_was_lost_is_stopped_and_its_late_result_is_refused(workplace):
    run = workplace.enqueue(workplace.deploy(ENDLESS))

    with started(workplace.worker()):
        until_it_says(workplace, run, "begun")
        with workplace.database.writing() as session:
            later = workplace.clock.now() + timedelta(minutes=5)
            leases.recover_expired(session, now=later)
        lost = workplace.until_final(run.id)

    assert workplace.run(run.id).status is lost.status is RunStatus.LOST
    assert lost.error["code"] == "RUN_LOST"


def test_a_run_that_outlives_a_short_lease_keeps_it(workplace):
    run = workplace.enqueue(workplace.deploy("import time\ndef job():\n    time.sleep(2.5)\n"))

    with started(workplace.worker(lease=timedelta(seconds=1.5))):
        while not (done := workplace.run(run.id)).status.is_final:
            with workplace.database.writing() as session:
                assert leases.recover_expired(session, now=workplace.clock.now()) == []
            threading.Event().wait(0.1)

    assert done.status is RunStatus.SUCCESS


def test_a_run_abandoned_by_a_dead_worker_is_lost_at_the_next_start_and_not_run_again(workplace):
    run = workplace.enqueue(workplace.deploy(GOOD))
    workplace.claim(lease=timedelta(milliseconds=1))

    with started(workplace.worker()):
        done = workplace.until_final(run.id)

    assert done.status is RunStatus.LOST
    assert logs(workplace, run) == []


def test_an_outcome_is_recorded_when_the_database_is_back(workplace):
    run = workplace.enqueue(
        workplace.deploy("import time\ndef job():\n    print('begun')\n    time.sleep(1)\n    print(2)\n")
    )
    queue = workplace.unsteady()

    with started(workplace.worker(queue=queue)):
        until_it_says(workplace, run, "begun")
        queue.left["write"] = 3
        done = workplace.until_final(run.id)

    assert done.status is RunStatus.SUCCESS
    assert queue.left["write"] == 0


def test_a_run_that_could_not_begin_for_want_of_the_database_is_begun_again(workplace):
    run = workplace.enqueue(workplace.deploy(GOOD))

    with started(workplace.worker(database=workplace.unsteady(reads=1))):
        done = workplace.until_final(run.id)

    assert (done.status, done.attempt) == (RunStatus.SUCCESS, 1)
    assert logs(workplace, run) == [("stdout", "hello")]


def test_two_workers_perform_each_run_once(workplace):
    deployment = workplace.deploy("def job():\n    print('once')\n")
    queued = [workplace.enqueue(deployment, key=str(number)) for number in range(6)]

    with started(workplace.worker(concurrency=2)), started(workplace.worker(concurrency=2)):
        done = [workplace.until_final(run.id) for run in queued]

    assert {run.status for run in done} == {RunStatus.SUCCESS}
    assert [logs(workplace, run) for run in done] == [[("stdout", "once")]] * 6


def test_a_run_of_an_older_version_performs_that_version(workplace):
    deployment = workplace.deploy("def job():\n    return 'old'\n")
    run = workplace.enqueue(deployment)
    workplace.deploy("def job():\n    return 'new'\n")

    with started(workplace.worker()):
        done = workplace.until_final(run.id)

    assert (done.version, done.result) == (1, "old")


def test_a_fault_of_ours_fails_the_run_and_not_the_worker(workplace):
    first = workplace.enqueue(workplace.deploy(GOOD, name="first"))

    with started(workplace.worker(credentials=None)) as worker:
        done = workplace.until_final(first.id)
        alive = worker.is_alive()

    assert alive
    assert (done.status, done.error["type"]) == (RunStatus.FAILED, "InternalError")
    assert "NoneType" not in done.error["message"]


FORGED = """
import json, os, wren.script.session
from wren_core.protocol.calls import CallRecord

def job():
    for number in range(3):
        record = CallRecord(integration=f"made_up_{number}", method="x", ms=1.0, outcome=f"CODE_{number}")
        wren.script.session.current().on_call(record)
"""


def test_calls_are_counted_and_names_a_script_makes_up_become_no_labels(workplace):
    run = workplace.enqueue(workplace.deploy(FORGED))

    with started(workplace.worker()):
        done = workplace.until_final(run.id)

    shown = workplace.metrics.render().decode()
    assert done.status is RunStatus.SUCCESS, done.error
    assert 'wren_method_calls_total{integration="unknown",outcome="error"} 3.0' in shown
    assert "made_up" not in shown
