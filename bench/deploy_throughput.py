"""Deploys per second of a backend; each reads the script's metadata in a separate sandbox."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import httpx2

from bench.measuring import Row, Table
from bench.scripts import EMPTY
from bench.server import Backend, backend, deploy

SECONDS = 8.0
CLIENTS = 4


def measure() -> list[Table]:
    """Measure deploys and read-only requests, over the same connections."""
    numbers = count()
    requests: dict[str, Callable[[httpx2.Client], object]] = {
        "GET /healthz": lambda client: client.get("/healthz").raise_for_status(),
        "GET /v1/deployments": lambda client: client.get("/v1/deployments").raise_for_status(),
        "deploy, a new name": lambda client: deploy(client, EMPTY, name=f"bench_{next(numbers)}"),
        "deploy, a new version": lambda client: deploy(client, f"{EMPTY}# {next(numbers)}\n", name="bench"),
    }
    with backend() as server:
        rows = [Row(name=name, value=_per_second(server, request)) for name, request in requests.items()]
    text = f"{CLIENTS} clients, {SECONDS:g} seconds each."
    return [Table(title="Deploy requests per second", unit="per second", rows=rows, text=text)]


def _per_second(server: Backend, request: Callable[[httpx2.Client], object]) -> float:
    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        done = sum(pool.map(lambda _: _repeat(server, request, until=started + SECONDS), range(CLIENTS)))
    return done / (time.perf_counter() - started)


def _repeat(server: Backend, request: Callable[[httpx2.Client], object], *, until: float) -> int:
    done = 0
    with server.client() as client:
        while time.perf_counter() < until:
            request(client)
            done += 1
    return done
