"""What the SDK's tests share: installed integrations, the command line as a process, a server to speak to."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from wren.script.catalogue import installed
from wren_core.testing import FakeProvider, FakeRequest, FakeResponse, route, serve
from wren_core.testing.patience import patience

SITE = Path(__file__).parent / "site"
KEY = "wren_testtest_0123456789012345678901234567890123456789012"
PLUGIN_MODULES = ("wren_parcel", "wren_broken")


@pytest.fixture
def plugins(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Install `parcel`, `depot` and the broken `broken` for one test of this process."""
    monkeypatch.syspath_prepend(str(SITE))
    installed.cache_clear()
    yield
    installed.cache_clear()
    for name in PLUGIN_MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a script and return its path."""

    def write_script(text: str | bytes, name: str = "daily.py") -> Path:
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write_script


@dataclass(frozen=True, kw_only=True)
class Finished:
    """A command that ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON; fails unless it is exactly one document."""
        return json.loads(self.out)

    @property
    def error(self) -> dict[str, Any]:
        """The error object of standard output."""
        found: dict[str, Any] = self.json["error"]
        return found


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a person who installed the test's plugins and never logged in."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "PYTHONPATH": str(SITE),
        "PYTHONDONTWRITEBYTECODE": "1",
        "COLUMNS": "120",
        "NO_COLOR": "1",
    }


@pytest.fixture
def wren(environment: dict[str, str], tmp_path: Path) -> Callable[..., Finished]:
    """Run the command line as a separate process."""

    def run(*arguments: str, stdin: str = "", python: str = sys.executable, **variables: str) -> Finished:
        done = subprocess.run(
            [python, "-m", "wren", *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=patience(60),
            env={**environment, **variables},
            cwd=tmp_path,
            check=False,
        )
        return Finished(code=done.returncode, out=done.stdout, err=done.stderr)

    return run


class FakeServer(FakeProvider):
    """Speaks the server's wire shapes from plain attributes, for the one key of the tests."""

    name = "wren-server"

    def __init__(self) -> None:
        super().__init__()
        self.deployments: list[dict[str, Any]] = []
        self.hidden = False
        """The deployments were taken away: lists leave them out."""
        self.runs: dict[str, dict[str, Any]] = {}
        self.log: list[dict[str, Any]] = []
        self.streams: list[str] = []
        """Bodies of the coming event streams, one a connection; the last one is repeated."""
        self.connections: list[dict[str, Any]] = []
        """The connections before `wren connect`."""
        self.connection_states: list[dict[str, Any]] = []
        self.validation: dict[str, Any] = {"valid": True, "warnings": []}

    def handle(self, request: FakeRequest) -> FakeResponse:
        """Answer only those who show the key."""
        if request.token != KEY and request.path != "/healthz":
            return failure(401, "UserFacingConfigError", "UNAUTHENTICATED", "the API key is not valid")
        return super().handle(request)

    def add_deployment(self, **fields: Any) -> dict[str, Any]:
        """Store a deployment."""
        plain = {
            "id": "dep_1",
            "name": "daily",
            "owner": "alice",
            "status": "active",
            "version": 1,
            "triggers": 1,
            "last_run": None,
        }
        self.deployments.append(
            {**plain, "next_run": "2030-01-01T09:00:00Z", "created_at": "2029-12-01T10:30:00Z", **fields}
        )
        return self.deployments[-1]

    def add_run(self, **fields: Any) -> dict[str, Any]:
        """Store a run; the newest comes first."""
        plain = {"run_id": "run_1", "deployment_id": "dep_1", "trigger": "manual", "status": "success", "func": "daily"}
        times = {"started_at": "2030-01-01T09:00:00Z", "completed_at": "2030-01-01T09:00:01Z", "duration_ms": 1000}
        run = {
            **plain,
            **times,
            "logs_url": "/v1/runs/run_1/logs",
            "result": None,
            "error": None,
            "calls": [],
            **fields,
        }
        self.runs = {run["run_id"]: run, **self.runs}
        return run

    @route("GET", "/healthz")
    def health(self, _request: FakeRequest) -> Any:
        return {"status": "ok"}

    @route("POST", "/v1/integrations/validate")
    def validate(self, _request: FakeRequest) -> Any:
        return self.validation

    @route("POST", "/v1/scripts/validate")
    def validate_script(self, _request: FakeRequest) -> Any:
        return self.validation

    @route("GET", "/v1/integrations")
    def integrations(self, _request: FakeRequest) -> Any:
        offered = {"name": "parcel", "display_name": "Parcel Post", "description": "Send.", "version": "1.2.3"}
        failed = {"name": "broken", "distribution": "wren-broken", "version": "0.1", "code": "X", "reason": "why"}
        more = {"auth_type": "apikey", "type": "integration", "methods": ["send"], "connected": True}
        return {"integrations": [{**offered, **more}], "failed": [failed]}

    @route("POST", "/v1/scripts/deploy")
    def deploy(self, request: FakeRequest) -> Any:
        made = self.add_deployment(id=f"dep_{len(self.deployments) + 1}", name=request.json()["name"])
        answer = {"deployment_id": made["id"], "name": made["name"], "status": "active", "version": 1}
        return {**answer, "triggers_registered": 1, "created_at": made["created_at"], "next_run": made["next_run"]}

    @route("GET", "/v1/deployments")
    def list_deployments(self, request: FakeRequest) -> Any:
        start, limit = int(request.query.get("cursor", 0)), int(request.query.get("limit", 100))
        rest = self.deployments[start + limit :]
        if self.hidden:
            return {"deployments": []}
        page = [{key: value for key, value in item.items() if key != "trigger_list"} for item in self.deployments]
        return {"deployments": page[start : start + limit], "next_cursor": str(start + limit) if rest else None}

    @route("GET", "/v1/deployments/{id}")
    def get_deployment(self, request: FakeRequest) -> Any:
        found = [item for item in self.deployments if item["id"] == request.params["id"]]
        return found[0] if found else failure(404, "AgentFixableError", "NOT_FOUND", "no such deployment")

    @route("DELETE", "/v1/deployments/{id}")
    def undeploy(self, request: FakeRequest) -> Any:
        self.deployments = [item for item in self.deployments if item["id"] != request.params["id"]]
        return {"id": request.params["id"], "status": "undeployed"}

    @route("POST", "/v1/deployments/{id}/run")
    def start(self, request: FakeRequest) -> Any:
        run = self.runs.get("run_new") or self.add_run(run_id="run_new")
        return FakeResponse(status=202, body={**run, "status": "queued", "asked": request.json()})

    @route("GET", "/v1/deployments/{id}/runs")
    def deployment_runs(self, request: FakeRequest) -> Any:
        return {"runs": [run for run in self.runs.values() if run["deployment_id"] == request.params["id"]]}

    @route("GET", "/v1/runs")
    def all_runs(self, _request: FakeRequest) -> Any:
        return {"runs": list(self.runs.values())}

    @route("GET", "/v1/runs/{id}")
    def get_run(self, request: FakeRequest) -> Any:
        run = self.runs.get(request.params["id"])
        return run or failure(404, "AgentFixableError", "NOT_FOUND", "no such run")

    @route("POST", "/v1/runs/{id}/cancel")
    def cancel(self, request: FakeRequest) -> Any:
        return {**self.runs[request.params["id"]], "status": "cancelled"}

    @route("GET", "/v1/runs/{id}/logs")
    def logs(self, request: FakeRequest) -> Any:
        accept = request.headers["accept"]
        if accept == "text/event-stream":
            body = self.streams.pop(0) if len(self.streams) > 1 else self.streams[0]
            return FakeResponse(body=body, headers={"content-type": "text/event-stream"})
        if accept == "text/plain":
            return FakeResponse(body="".join(f"{line['text']}\n" for line in self.log))
        after = int(request.query.get("after", -1))
        page = [line for line in self.log if line["seq"] > after][:2]
        return {"run_id": request.params["id"], "logs": page, "next_seq": page[-1]["seq"] + 1 if page else after + 1}

    @route("POST", "/v1/connections")
    def connect(self, request: FakeRequest) -> Any:
        first = self.connection_states[0]
        body = {"connection_id": "conn_1", "integration": request.json()["integration"], "alias": "default"}
        link = {"connect_url": f"{first['connect_url']}"} if "connect_url" in first else {}
        return FakeResponse(status=201, body={**body, "status": first["status"], **link})

    @route("POST", "/v1/connections/{id}/reauthorize")
    def reauthorize(self, request: FakeRequest) -> Any:
        first = self.connection_states[0]
        body = {"connection_id": request.params["id"], "integration": "parcel", "alias": "default"}
        link = {"connect_url": first["connect_url"]} if "connect_url" in first else {}
        return {**body, "status": first["status"], **link}

    @route("GET", "/v1/connections/{id}")
    def get_connection(self, request: FakeRequest) -> Any:
        if len(self.connection_states) > 1:
            self.connection_states.pop(0)
        state = {key: value for key, value in self.connection_states[0].items() if key != "connect_url"}
        empty = {"account": None, "scopes": [], "expires_at": None, "created_at": "2030-01-01T00:00:00Z"}
        return {"id": request.params["id"], "integration": "parcel", "alias": "default", **empty, **state}

    @route("GET", "/v1/connections")
    def list_connections(self, request: FakeRequest) -> Any:
        return {"connections": self.connections}

    def add_connection(self, **fields: Any) -> dict[str, Any]:
        """Store a connection."""
        plain = {"id": "conn_1", "integration": "parcel", "alias": "default", "status": "active", "version": 1}
        self.connections.append({**plain, "account": "ada@example.org", "error": None, **fields})
        return self.connections[-1]

    @route("PATCH", "/v1/connections/{id}")
    def configure(self, request: FakeRequest) -> Any:
        held = next(item for item in self.connections if item["id"] == request.params["id"])
        held.update(request.json())
        return held

    @route("DELETE", "/v1/connections/{id}")
    def disconnect(self, request: FakeRequest) -> Any:
        return {"id": request.params["id"], "status": "deleted"}


def failure(status: int, kind: str, code: str, message: str, **more: Any) -> FakeResponse:
    """Return an error answer in the wire's form."""
    error = {"type": kind, "code": code, "message": message, "correlation_id": "corr_x", "can_retry": False, **more}
    return FakeResponse(status=status, body={"error": error})


@pytest.fixture
def fake() -> FakeServer:
    """Return the server whose state the test sets."""
    return FakeServer()


@pytest.fixture
def server(fake: FakeServer) -> Iterator[str]:
    """Serve the fake on a port of this machine and return its address."""
    with serve(fake) as url:
        yield url


@pytest.fixture
def logged_in(server: str) -> dict[str, str]:
    """Return the variables that make the command line speak to the fake."""
    return {"WREN_API_URL": server, "WREN_API_KEY": KEY}
