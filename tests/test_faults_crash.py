"""The backend is killed or stopped during its work: no process stays behind, and nothing happens twice."""

import time
from datetime import UTC, datetime

import psutil
import pytest
from sqlmodel import update

from servers.backend import backend, wait_for
from servers.google import google
from servers.process import free_port
from wren_backend.storage.database import open_database
from wren_backend.triggers.models import Trigger
from wren_core.testing.patience import patience

# A heartbeat is sent every two seconds; a shorter lease makes the test shorter.
LEASE = 4.0
# Started by hand, it waits for a minute between its two mails; fired by its schedule, it does not.
TWO_MAILS = """
import os, time, wren
gmail = wren.integrations.gmail.init()

@wren.on_schedule("0 9 * * *")
def daily(event):
    gmail.send(to="bob@example.com", subject=f"begun by {event.trigger}", text="x")
    print("begun")
    if event.trigger == "manual":
        os.mkdir("closed", mode=0)
        os.makedirs("/".join(["deep"] * 100))
        os.symlink("/etc", "elsewhere")
        time.sleep(60)
    gmail.send(to="bob@example.com", subject=f"ended by {event.trigger}", text="x")
"""
SLEEPING = """
import time, wren

@wren.on_schedule("0 9 * * *")
def daily(event):
    print("begun", event.payload)
    time.sleep(event.payload["seconds"])
    return "done"
"""


@pytest.fixture(scope="module")
def provider():
    with google() as running:
        yield running


def test_killing_the_backend_during_a_run_ends_the_script_and_loses_only_this_run(provider, tmp_path):
    home, variables, port = tmp_path / "home", {**provider.variables, "WREN_WORKER_LEASE": str(LEASE)}, free_port()
    with backend(home, variables, port=port) as first:
        provider.connect(first)
        deployed = first.deploy(TWO_MAILS, name="two mails")
        run_id = first.start_run(deployed["deployment_id"])
        wait_for(lambda: provider.subjects, seconds=20, what="the first mail")
        script = tree_of(first)
        killed_at = time.monotonic()
        first.kill()
        _, alive = psutil.wait_procs(script, timeout=patience(2))
        folders = run_folders(first)

    assert [process for process in alive if process.status() != psutil.STATUS_ZOMBIE] == []
    assert len(script) >= 2, "the launcher and the script"
    assert len(folders) == 1, "the killed worker could not clean up"

    make_due(first.data_dir)
    time.sleep(max(0.0, LEASE - (time.monotonic() - killed_at)) + 0.2)
    with backend(home, variables, port=port, restarted=first.key) as second:
        lost = second.finished_run(run_id, seconds=15)
        ticked = wait_for(lambda: ended_runs(second, but=run_id), seconds=20, what="the run of the tick")
        kept = second.get("/v1/deployments")["deployments"]
        runs = second.get("/v1/runs")["runs"]
        left = run_folders(second)

    assert (lost["status"], lost["error"]["code"], lost["error"]["type"]) == ("lost", "RUN_LOST", "InternalError")
    assert "not started again" in lost["error"]["message"]
    assert [(run["trigger"], run["status"]) for run in ticked] == [("schedule", "success")]
    assert len(runs) == 2
    assert provider.subjects == ["begun by manual", "begun by schedule", "ended by schedule"]
    assert [(item["id"], item["status"], item["triggers"]) for item in kept] == [
        (deployed["deployment_id"], "active", 1)
    ]
    assert kept[0]["next_run"] == deployed["next_run"]
    assert left == []


def test_sigterm_finishes_short_runs_cancels_long_ones_keeps_the_queue_and_ends_streams(tmp_path):
    home, port = tmp_path / "home", free_port()
    with backend(home, {"WREN_WORKER_CONCURRENCY": "2", "WREN_SHUTDOWN_GRACE": "3"}, port=port) as first:
        deployment_id = first.deploy(SLEEPING, name="sleeping")["deployment_id"]
        short, long, queued = [
            first.start_run(deployment_id, payload={"seconds": seconds}) for seconds in (1.5, 60, 0.1)
        ]
        wait_for(lambda: "begun" in first.log_text(short), seconds=20, what="the short script")
        with first.events(long) as events:
            followed = next(event for event in events if event.event == "log")
            before = first.get(f"/v1/runs/{queued}")["status"]
            script = tree_of(first)
            code = first.terminate(seconds=15)
        survivors = [process for process in script if process.is_running()]
        log = first.log

    assert ("begun" in followed.data, before) == (True, "queued")
    assert code == 0, log
    assert "Traceback" not in log
    assert survivors == []

    with backend(home, port=port, restarted=first.key) as second:
        ended = {name: second.finished_run(run) for name, run in [("short", short), ("long", long), ("queued", queued)]}
        said = second.log_text(long)

    statuses = {name: run["status"] for name, run in ended.items()}
    assert statuses == {"short": "success", "long": "cancelled", "queued": "success"}
    assert ended["long"]["error"]["code"] == "CANCELLED"
    assert "the worker shuts down" in said


def tree_of(server):
    """Return the processes below the backend: launchers, supervisors, scripts."""
    return psutil.Process(server.pid).children(recursive=True)


def run_folders(server):
    return sorted(path.name for path in (server.data_dir / "runs").iterdir())


def ended_runs(server, *, but):
    runs = [run for run in server.get("/v1/runs")["runs"] if run["run_id"] != but]
    return runs if runs and all(run["completed_at"] for run in runs) else None


def make_due(data_dir):
    """Let the fire time of the current minute pass while no backend runs."""
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    database = open_database(f"sqlite:///{data_dir / 'wren.db'}")
    with database.writing() as session:
        session.exec(update(Trigger).values(next_fire_at=minute))
    database.dispose()
