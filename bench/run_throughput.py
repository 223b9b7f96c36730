"""Runs per second of a backend with two workers."""

import time
from concurrent.futures import ThreadPoolExecutor

from bench.measuring import BARE_RUN, Row, Table, ask_python
from bench.scripts import EMPTY
from bench.server import backend, deploy, start_run, wait_for_run

RUNS = 60
_WORKERS = 2
_POLL_SECONDS = 0.02


def measure() -> list[Table]:
    """Measure a full queue, and as many parallel bare processes with the same imports."""
    rows = [
        Row(name="bare processes that import what a run imports", value=_bare_processes()),
        Row(name="sandboxed runs", value=_queued_runs()),
    ]
    text = f"{RUNS} of each, {_WORKERS} at a time."
    return [Table(title="Runs per second", unit="per second", rows=rows, text=text)]


def _bare_processes() -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(_WORKERS) as pool:
        list(pool.map(lambda _: ask_python("-c", BARE_RUN), range(RUNS)))
    return RUNS / (time.perf_counter() - started)


def _queued_runs() -> float:
    with backend() as server, server.client() as client:
        deployment_id = deploy(client, EMPTY, name="bench")
        wait_for_run(client, start_run(client, deployment_id), poll_seconds=_POLL_SECONDS)
        started = time.perf_counter()
        run_ids = [start_run(client, deployment_id) for _ in range(RUNS)]
        for run_id in run_ids:
            wait_for_run(client, run_id, poll_seconds=_POLL_SECONDS)
        return RUNS / (time.perf_counter() - started)
