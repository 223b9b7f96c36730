"""Two backends share one PostgreSQL: each task is done by one of them, and by the other if that one dies."""

import json
import signal
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psutil
import pytest
from sqlmodel import update

from servers.backend import backend, wait_for
from servers.faults import held
from servers.google import TOKEN, google
from wren_backend.connections.models import Connection
from wren_backend.storage.database import open_database
from wren_backend.triggers.models import Trigger
from wren_core.testing.patience import patience

HOURS = range(6)
# One function for each hour of the morning; each reports its fire time.
HOURLY = "import wren\n" + "".join(
    f'@wren.on_schedule("0 {hour} * * *")\ndef at_{hour}(event):\n    return event.scheduled_for.isoformat()\n'
    for hour in HOURS
)
READING = """
import wren
gmail = wren.integrations.gmail.init()

@wren.on_schedule("0 9 * * *")
def daily():
    return len(gmail.inbox(limit=1))
"""
WAITING = """
import time, wren

@wren.on_schedule("0 9 * * *")
def daily():
    print("begun")
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def provider():
    with google() as running:
        yield running


@pytest.fixture(scope="module")
def database(postgres_server):
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="module")
def rivals(database, provider, tmp_path_factory):
    with pair(database, tmp_path_factory.mktemp("rivals"), provider.variables) as both:
        yield both


@pytest.fixture
def doomed(postgres_url, tmp_path):
    """Two backends, one of which a test may kill."""
    with pair(postgres_url, tmp_path) as both:
        yield both


def test_each_fire_time_gets_one_run_and_each_run_one_worker(rivals, database):
    one, two = rivals
    deployed = one.deploy(HOURLY, name="hourly")
    fired = [datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0) for hour in HOURS]
    fired = [at if at < datetime.now(UTC) else at - timedelta(days=1) for at in fired]

    for _ in range(2):  # the second time, the same fire times are due again, as after a clock change
        with changing(database) as session:
            for hour, at in zip(HOURS, fired, strict=True):
                session.exec(update(Trigger).where(Trigger.func == f"at_{hour}").values(next_fire_at=at))
        runs = wait_for(lambda: settled(two, deployed, len(HOURS)), seconds=40, what="the runs of all fire times")

    results = [two.get(f"/v1/runs/{run['run_id']}")["result"] for run in runs]
    assert sorted(map(datetime.fromisoformat, results)) == sorted(fired)
    assert {run["status"] for run in runs} == {"success"}
    started = [started_by(server) for server in rivals]
    assert sorted([*started[0], *started[1]]) == sorted(run["run_id"] for run in runs), "each by one worker, once"
    assert all(started), "both took part"


def test_an_expired_token_is_refreshed_once_for_runs_of_both_backends(rivals, provider, database):
    one, two = rivals
    connection_id = provider.connect(one)
    deployment_id = two.deploy(READING, name="reading")["deployment_id"]
    with changing(database) as session:
        ended = datetime.now(UTC) - timedelta(minutes=1)
        session.exec(
            update(Connection).where(Connection.id == connection_id).values(expires_at=ended, next_refresh_at=None)
        )
    provider.gmail.oauth.expire_access_tokens()
    before, answer = provider.refreshes, threading.Event()
    provider.proxy.inject(held(answer), path=TOKEN)

    # One of them waits for the provider, so the other backend claims the other run.
    started = [one.start_run(deployment_id) for _ in range(2)]
    wait_for(lambda: all(one.get(f"/v1/runs/{run}")["status"] == "running" for run in started), seconds=20, what="both")
    answer.set()
    runs = [two.finished_run(run) for run in started]

    assert [run["status"] for run in runs] == ["success", "success"], [run["error"] for run in runs]
    assert provider.refreshes == before + 1
    assert [len(set(started) & {*started_by(server)}) for server in rivals] == [1, 1]


def test_a_worker_that_was_frozen_past_its_lease_cannot_report(rivals):
    one, two = rivals
    deployment_id = one.deploy(WAITING, name="waiting")["deployment_id"]
    run_id = one.start_run(deployment_id)
    wait_for(lambda: "begun" in one.log_text(run_id), seconds=20, what="the script")
    frozen, awake = (one, two) if run_id in started_by(one) else (two, one)
    script = psutil.Process(frozen.pid).children(recursive=True)

    frozen.process.send_signal(signal.SIGSTOP)
    try:
        lost = awake.finished_run(run_id, seconds=30)
    finally:
        frozen.process.send_signal(signal.SIGCONT)
    _, alive = psutil.wait_procs(script, timeout=patience(10))
    later = frozen.get(f"/v1/runs/{run_id}")

    assert (lost["status"], lost["error"]["code"]) == ("lost", "RUN_LOST")
    assert later == lost, "what the late worker would report counts no more"
    assert alive == []
    assert f'"run_id": "{run_id}"' in frozen.log
    assert "run.report_refused" in frozen.log
    assert [run_id in started_by(server) for server in (frozen, awake)] == [True, False], "never started again"


def test_the_surviving_backend_marks_runs_of_the_dead_one_as_lost_and_keeps_firing(doomed, postgres_url):
    one, two = doomed
    waiting = one.deploy(WAITING, name="waiting")["deployment_id"]
    runs = [one.start_run(waiting) for _ in range(2)]
    for run in runs:
        wait_for(lambda run=run: "begun" in one.log_text(run), seconds=20, what="the script")
    theirs, ours = ([run for run in runs if run in started_by(server)] for server in doomed)

    one.kill()
    two.request("POST", f"/v1/runs/{ours[0]}/cancel")
    hourly = two.deploy(HOURLY, name="hourly")
    with changing(postgres_url) as session:
        minute = datetime.now(UTC).replace(second=0, microsecond=0)
        session.exec(update(Trigger).where(Trigger.func == "at_0").values(next_fire_at=minute))
    fired = wait_for(lambda: settled(two, hourly, 1), seconds=20, what="the run of the survivor")
    lost = two.finished_run(theirs[0], seconds=20)

    assert (lost["status"], lost["error"]["code"]) == ("lost", "RUN_LOST")
    assert two.finished_run(ours[0])["status"] == "cancelled"
    assert [run["status"] for run in fired] == ["success"]


@contextmanager
def pair(url, folder, variables=None):
    """Run two backends with one run at a time each, which share database and master key."""
    settings = {"WREN_DATABASE_URL": url, "WREN_WORKER_CONCURRENCY": "1", "WREN_WORKER_LEASE": "4", **(variables or {})}
    with backend(folder / "one", settings) as one:
        settings["WREN_MASTER_KEY_FILE"] = str(one.data_dir / "master.key")
        with backend(folder / "two", settings, restarted=one.key) as two:
            yield one, two


@contextmanager
def changing(url):
    database = open_database(url)
    with database.writing() as session:
        yield session
    database.dispose()


def settled(server, deployed, count):
    """Return the runs of a deployment once there are `count`, all have ended and no trigger is due."""
    details = server.get(f"/v1/deployments/{deployed['deployment_id']}")
    runs = server.get(f"/v1/deployments/{deployed['deployment_id']}/runs")["runs"]
    is_due = datetime.fromisoformat(details["next_run"]) <= datetime.now(UTC)
    return runs if len(runs) >= count and not is_due and all(run["completed_at"] for run in runs) else None


def started_by(server):
    """Return the runs that this process performed, according to its log."""
    lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]
    return [line["run_id"] for line in lines if line["event"] == "run.started"]
