"""The drill: under load and faults, no accepted request is lost or done twice. `nox -s drill` runs it.

A ledger outside Wren counts what each run did. Faults follow one another for `WREN_DRILL_SECONDS` (60): the server is
killed and started again, is frozen, its database is locked or its connections break. Everything is on loopback.
"""

import itertools
import os
import signal
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import psycopg
import pytest

from servers.backend import Backend, backend
from servers.process import free_port
from wren_core.testing.patience import patience

SECONDS = float(os.environ.get("WREN_DRILL_SECONDS", "60"))
CLIENTS = 6
FINAL = {"success", "failed", "cancelled", "lost"}
SCRIPT = """
import urllib.request, wren

@wren.on_schedule("0 9 * * *")
def enter(event):
    urllib.request.urlopen(event.payload["ledger"], data=event.payload["key"].encode()).read()
    return event.payload["key"]
"""


class Ledger:
    """Counts the effects of runs, by key."""

    def __init__(self) -> None:
        self.effects = Counter[str]()
        self._lock = threading.Lock()

    def enter(self, key: str) -> None:
        with self._lock:
            self.effects[key] += 1


class Drill:
    """A server that faults hit, and clients that repeat a request under its key until it is accepted."""

    def __init__(self, home: Path, variables: dict[str, str], ledger: str) -> None:
        self._home, self._variables, self._ledger = home, variables, ledger
        self._port = free_port()
        self._stack = ExitStack()
        self.server: Backend = self._stack.enter_context(backend(home, variables, port=self._port))
        self.deployment = self.server.deploy(SCRIPT, name="enter")["deployment_id"]
        self.accepted: dict[str, str] = {}
        self._numbers = itertools.count()
        self._over = threading.Event()

    def close(self) -> None:
        self._stack.close()

    def restart(self) -> None:
        """Kill the server without warning, and start it again."""
        self.server.kill()
        self._stack.close()
        self.server = self._stack.enter_context(
            backend(self._home, self._variables, port=self._port, restarted=self.server.key)
        )

    def freeze(self) -> None:
        """Stop the server for a moment, as a suspended machine does."""
        self.server.process.send_signal(signal.SIGSTOP)
        time.sleep(2)
        self.server.process.send_signal(signal.SIGCONT)

    def run(self, faults: list[Callable[[], None]]) -> int:
        """Request runs while one fault follows another; return how many faults there were."""
        clients = [threading.Thread(target=self._request_runs) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        ends, count = time.monotonic() + SECONDS, 0
        for fault in itertools.cycle(faults):
            if time.monotonic() > ends and count >= len(faults):
                break
            fault()
            count += 1
            time.sleep(1)
        self._over.set()
        for client in clients:
            client.join()
        return count

    def _request_runs(self) -> None:
        while not self._over.is_set():
            key = f"key-{next(self._numbers)}"
            while (run_id := self._request_run(key)) is None:
                time.sleep(0.2)
            self.accepted[key] = run_id
            time.sleep(0.3)

    def _request_run(self, key: str) -> str | None:
        headers = {"Authorization": f"Bearer {self.server.key}", "Idempotency-Key": key}
        body = {"payload": {"key": key, "ledger": self._ledger}}
        url = f"http://127.0.0.1:{self._port}/v1/deployments/{self.deployment}/run"
        try:
            answer = httpx2.post(url, json=body, headers=headers, timeout=patience(10))
        except httpx2.TransportError:
            return None
        if answer.status_code in (429, 503, 507):
            return None
        assert answer.is_success, answer.text
        return str(answer.json()["run_id"])

    def ended(self) -> dict[str, str]:
        """Return the status of every accepted run, by key, once all have ended."""
        return {key: self.server.finished_run(run_id, seconds=120)["status"] for key, run_id in self.accepted.items()}


@pytest.fixture
def ledger() -> Iterator[tuple[Ledger, str]]:
    ledger = Ledger()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            ledger.enter(self.rfile.read(int(self.headers["Content-Length"])).decode())
            with suppress(OSError):  # the run was killed
                self.send_response(204)
                self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield ledger, f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.timeout(SECONDS * 4 + 600)
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_no_accepted_request_is_lost_or_done_twice(
    kind: str, ledger: tuple[Ledger, str], postgres_url: str, tmp_path: Path
) -> None:
    counted, url = ledger
    variables = {"WREN_SANDBOX": "none", "WREN_WORKER_LEASE": "6"}
    if kind == "postgresql":
        variables["WREN_DATABASE_URL"] = postgres_url
    drill = Drill(tmp_path / "home", variables, url)
    try:
        lock = (lambda: break_connections(postgres_url)) if kind == "postgresql" else (lambda: hold(drill.server))
        faults = drill.run([drill.restart, drill.freeze, lock])
        statuses = drill.ended()
    finally:
        drill.close()

    # The result of the drill, for who runs it.
    print(f"{kind}: {faults} faults, {len(statuses)} accepted, {dict(Counter(statuses.values()))}")  # noqa: T201
    assert faults >= 3
    assert len(statuses) >= 10
    assert set(statuses.values()) <= FINAL
    twice = {key: times for key, times in counted.effects.items() if times > 1}
    undone = [key for key, status in statuses.items() if status == "success" and counted.effects[key] != 1]
    failed = [key for key, status in statuses.items() if status in ("failed", "cancelled")]
    assert (twice, undone, failed) == ({}, [], [])
    assert not counted.effects.keys() - statuses.keys(), "what was not accepted was not done"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")


def hold(server: Backend) -> None:
    """Lock the database of SQLite as a backup program may."""
    with suppress(sqlite3.OperationalError), locked(server.data_dir / "wren.db"):
        time.sleep(7)


def break_connections(url: str) -> None:
    """Break every connection of PostgreSQL again and again, as a restart does."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        for _ in range(20):
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            time.sleep(0.1)
