"""A separate backend for a benchmark: SQLite, an empty folder, one process."""

import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from bench.measuring import ROOT, plain_environment

START_SECONDS = 30.0
STOP_SECONDS = 15.0
RUN_SECONDS = 60.0
_ENDED = {"success", "failed", "timeout", "cancelled", "lost"}


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A running backend, used by one user over a persistent connection."""

    url: str
    key: str

    def client(self) -> httpx2.Client:
        """Open a connection."""
        return httpx2.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.key}"}, timeout=RUN_SECONDS)


@contextmanager
def backend() -> Iterator[Backend]:
    """Start a backend, wait until it is ready, and stop it."""
    with tempfile.TemporaryDirectory() as folder:
        output, port = Path(folder, "output"), _free_port()
        argv = [sys.executable, "-m", "wren_backend", "up", "--data-dir", f"{folder}/data", "--port", str(port)]
        with output.open("w") as file:
            process = subprocess.Popen(argv, cwd=ROOT, env=plain_environment(), stdout=file, stderr=file)
            try:
                url = f"http://127.0.0.1:{port}"
                _wait_until_ready(url, process, output)
                yield Backend(url=url, key=_key(output))
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(STOP_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()


def deploy(client: httpx2.Client, script: str, *, name: str) -> str:
    """Deploy a script and return the deployment's id."""
    return str(_answer(client.post("/v1/scripts/deploy", json={"script": script, "name": name}))["deployment_id"])


def start_run(client: httpx2.Client, deployment_id: str) -> str:
    """Queue a run and return its id."""
    return str(_answer(client.post(f"/v1/deployments/{deployment_id}/run", json={}))["run_id"])


def wait_for_run(client: httpx2.Client, run_id: str, *, poll_seconds: float) -> dict[str, Any]:
    """Poll a run until it has succeeded."""
    deadline = time.monotonic() + RUN_SECONDS
    while time.monotonic() < deadline:
        run = _answer(client.get(f"/v1/runs/{run_id}"))
        if run["status"] in _ENDED:
            if run["status"] != "success":
                raise RuntimeError(f"{run_id} ended as {run['status']}: {run.get('error')}")
            return run
        time.sleep(poll_seconds)
    raise RuntimeError(f"{run_id} did not end within {RUN_SECONDS:g} s")


def _answer(response: httpx2.Response) -> dict[str, Any]:
    if response.status_code >= 400:
        raise RuntimeError(f"{response.request.url} answered {response.status_code}: {response.text}")
    answer: dict[str, Any] = response.json()
    return answer


def _wait_until_ready(url: str, process: subprocess.Popen[bytes], output: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"{url}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the backend did not become ready:\n{output.read_text()}")


def _key(output: Path) -> str:
    found = re.search(r"first API key, shown this once: (\S+)", output.read_text())
    if found is None:
        raise RuntimeError("the backend showed no key")
    return found[1]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
