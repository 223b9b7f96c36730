"""The machine runs out of something: the server says what, loses nothing, and goes on when there is room again."""

import contextlib
import json
import os
import resource
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import httpx2
import psutil
import psycopg
import pytest

from servers.backend import backend, wait_for
from wren_core.testing.patience import patience

SCRIPT = """
import wren

@wren.on_schedule("0 9 * * *")
def daily():
    return "done"
"""


@pytest.fixture
def server(tmp_path):
    with backend(tmp_path / "home", {"WREN_SANDBOX": "none"}) as running:
        yield running


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 48 MiB for the data directory."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def readiness(server):
    answer = server.request("GET", "/readyz")
    return answer.status_code, answer.json()["checks"]


def fill(path):
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(65536)):
            pass


def test_a_full_disk_is_not_ready_names_its_folder_and_loses_no_accepted_run(small_disk):
    with backend(small_disk / "home", {"WREN_SANDBOX": "none"}) as server:
        deployed = server.deploy(SCRIPT, name="daily")["deployment_id"]
        fill(small_disk / "filler")

        status, checks = readiness(server)
        refused = server.request("POST", f"/v1/deployments/{deployed}/run", json={})
        alive = server.request("GET", "/healthz").status_code
        (small_disk / "filler").unlink()
        wait_for(lambda: readiness(server)[0] == 200, seconds=20, what="room on the disk")
        run = server.finished_run(server.start_run(deployed))

    assert (status, checks["disk"]["ok"], alive) == (503, False, 200)
    assert str(server.data_dir) in checks["disk"]["reason"]
    assert refused.status_code in (202, 507), refused.text  # a page that is already allocated takes a row
    assert run["status"] == "success"


def test_no_descriptors_left_is_a_503_with_the_reason_and_no_run_fails(server):
    deployed = server.deploy(SCRIPT, name="daily")["deployment_id"]
    process = psutil.Process(server.pid)
    before = process.rlimit(resource.RLIMIT_NOFILE)
    runs, refusals = [], []

    def start(_number):
        with contextlib.suppress(httpx2.TransportError):  # the kernel refuses connections that cannot be accepted
            answer = server.request("POST", f"/v1/deployments/{deployed}/run", json={})
            (runs if answer.status_code == 202 else refusals).append(answer)

    process.rlimit(resource.RLIMIT_NOFILE, (process.num_fds() + 6, before[1]))
    with ThreadPoolExecutor(12) as pool:
        list(pool.map(start, range(60)))
    process.rlimit(resource.RLIMIT_NOFILE, before)
    ended = [server.finished_run(answer.json()["run_id"]) for answer in runs]

    assert {answer.status_code for answer in refusals} <= {429, 503}, [answer.text for answer in refusals]
    assert {run["status"] for run in ended} <= {"success"}, [run["error"] for run in ended]
    assert server.request("GET", "/readyz").status_code == 200


def test_a_folder_of_runs_that_was_removed_is_made_again(tmp_path):
    with backend(tmp_path / "home") as server:
        deployed = server.deploy(SCRIPT, name="daily")["deployment_id"]
        shutil.rmtree(server.data_dir / "runs")

        run = server.finished_run(server.start_run(deployed))

    assert (run["status"], run["result"]) == ("success", "done"), run


def test_a_database_that_is_away_is_logged_once_for_each_thing_that_fails(postgres_url, tmp_path):
    with backend(tmp_path / "home", {"WREN_DATABASE_URL": postgres_url, "WREN_SANDBOX": "none"}) as server:
        deployed = server.deploy(SCRIPT, name="daily")["deployment_id"]
        with away(postgres_url), ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(server.request, "GET", f"/v1/deployments/{deployed}") for _ in range(200)]
            answers = [future.result(timeout=patience(120)).status_code for future in asked]
        wait_for(lambda: readiness(server)[0] == 200, seconds=30, what="the database")
        lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]

    failures = [line["event"] for line in lines if line["level"] == "error" and line["event"] != "outage.repeated"]
    assert answers.count(503) > 100, answers
    assert len(failures) == len(set(failures)), failures


@contextlib.contextmanager
def away(url):
    """Refuse new connections to a database and break those there are."""
    address = url.replace("+psycopg", "")
    name = address.rpartition("/")[2].partition("?")[0]
    admin = address.removesuffix(name) + "postgres"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        try:
            yield
        finally:
            connection.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
