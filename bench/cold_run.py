"""Time from the request that starts a run until its end is visible: a cold, sandboxed process each time."""

import time
from collections.abc import Iterator

import httpx2

from bench.measuring import BARE_RUN, Row, Table, ask_python, in_turns, median, percentile
from bench.scripts import EMPTY, WITH_AN_INTEGRATION
from bench.server import backend, deploy, start_run, wait_for_run

ROUNDS = 21
_POLL_SECONDS = 0.005


def measure() -> list[Table]:
    """Measure runs, and the start of the interpreter that each of them includes."""
    with backend() as server, server.client() as client:
        scripts = {"run of an empty script": EMPTY, "run that calls an integration": WITH_AN_INTEGRATION}
        deployed = {name: deploy(client, script, name=f"bench_{i}") for i, (name, script) in enumerate(scripts.items())}
        processes = {"python -c pass": "pass", "python that imports what a run imports": BARE_RUN}
        samples = {name: _measure_starts(statement) for name, statement in processes.items()}
        samples |= {name: _runs(client, deployment_id) for name, deployment_id in deployed.items()}
        taken = in_turns(samples)
    rows = [
        Row(name=name, value=median(values), note=f"95% within {percentile(values, 0.95):.0f} ms")
        for name, values in taken.items()
    ]
    text = (
        f"Trigger to completed, polled every {_POLL_SECONDS * 1000:g} ms; median of {ROUNDS - 1}, one after the other."
    )
    return [Table(title="Cold sandboxed run", unit="ms", rows=rows, text=text)]


def _measure_starts(statement: str) -> Iterator[float]:
    for _ in range(ROUNDS):
        started = time.perf_counter()
        ask_python("-c", statement)
        yield (time.perf_counter() - started) * 1000


def _runs(client: httpx2.Client, deployment_id: str) -> Iterator[float]:
    wait_for_run(client, start_run(client, deployment_id), poll_seconds=_POLL_SECONDS)  # fills the file caches
    for _ in range(ROUNDS - 1):
        started = time.perf_counter()
        wait_for_run(client, start_run(client, deployment_id), poll_seconds=_POLL_SECONDS)
        yield (time.perf_counter() - started) * 1000
