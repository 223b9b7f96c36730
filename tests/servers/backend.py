"""A real Wren backend in a separate process, and the command line of a user."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from servers.emulate import Emulate
from servers.process import STOP_SECONDS, clean_variables, free_port, serve
from wren_core.testing.patience import patience

API_KEY = re.compile(r"wren_[a-z0-9]{8}_[\w-]{43}")


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A running backend, its first API key and its folders."""

    url: str
    key: str = field(repr=False)
    home: Path
    process: subprocess.Popen[bytes] = field(repr=False)
    variables: Mapping[str, str] = field(repr=False)
    python: str = sys.executable

    @property
    def pid(self) -> int:
        """The server process."""
        return self.process.pid

    @property
    def data_dir(self) -> Path:
        """The data directory."""
        return self.home / "data"

    @property
    def log(self) -> str:
        """All its output, except the key."""
        return (self.home / "backend.log").read_text(errors="replace").replace(self.key, "<the first key>")

    def request(self, method: str, path: str, **options: Any) -> httpx2.Response:
        """Send a request to the API."""
        headers = {"Authorization": f"Bearer {self.key}", **options.pop("headers", {})}
        return httpx2.request(method, self.url + path, headers=headers, timeout=patience(60), **options)

    def get(self, path: str) -> Any:
        """Send a GET request to the API, and return the JSON of the successful response."""
        return self.request("GET", path).raise_for_status().json()

    @property
    def cli_variables(self) -> dict[str, str]:
        """The environment of a logged-in user."""
        return {**clean_variables(self.home), "WREN_API_URL": self.url, "WREN_API_KEY": self.key}

    def wren(self, *arguments: str, stdin: str | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the command line as a logged-in user."""
        command = [self.python, "-m", "wren", *arguments]
        done = subprocess.run(command, env=self.cli_variables, input=stdin, capture_output=True, text=True)
        if check and done.returncode:
            raise AssertionError(
                f"`wren {' '.join(arguments)}` ended with {done.returncode}:\n{done.stdout}{done.stderr}"
            )
        return done

    def wren_json(self, *arguments: str) -> Any:
        """Run the command line and return its JSON output."""
        return json.loads(self.wren(*arguments, "--json").stdout)

    def operator(self, *arguments: str) -> str:
        """Run the operator's command line on its data directory."""
        command = [self.python, "-m", "wren_backend", *arguments, "--data-dir", str(self.data_dir)]
        done = subprocess.run(command, env=dict(self.variables), capture_output=True, text=True)
        if done.returncode:
            raise AssertionError(f"`wren-backend {' '.join(arguments)}` ended with {done.returncode}: {done.stderr}")
        return done.stdout.strip()

    def kill(self) -> None:
        """Kill the backend without warning, like a crash or the kernel."""
        self.process.kill()
        self.process.wait()

    def terminate(self, *, seconds: float = STOP_SECONDS) -> int:
        """Stop the backend as an operator does, and return its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=patience(seconds))

    def deploy(self, script: str, *, name: str, **fields: Any) -> dict[str, Any]:
        """Deploy a script with the API."""
        answer = self.request("POST", "/v1/scripts/deploy", json={"script": script, "name": name, **fields})
        if answer.status_code != 200:
            raise AssertionError(f"{name!r} was not deployed: {answer.status_code} {answer.text}")
        return dict(answer.json())

    def start_run(self, deployment_id: str, **body: Any) -> str:
        """Start a run by hand and return its id."""
        answer = self.request("POST", f"/v1/deployments/{deployment_id}/run", json=body)
        return str(answer.raise_for_status().json()["run_id"])

    def started_run(self, run_id: str, *, seconds: float = 30) -> dict[str, Any]:
        """Return a run after a worker has claimed it."""
        found: dict[str, Any] = wait_for(
            lambda: self._begun_run(run_id), seconds=seconds, what=f"the start of {run_id}"
        )
        return found

    def finished_run(self, run_id: str, *, seconds: float = 60) -> dict[str, Any]:
        """Return a run after it has ended."""
        found: dict[str, Any] = wait_for(lambda: self._ended_run(run_id), seconds=seconds, what=f"the end of {run_id}")
        return found

    def log_text(self, run_id: str) -> str:
        """Return the output of a run."""
        return self.request("GET", f"/v1/runs/{run_id}/logs", headers={"Accept": "text/plain"}).raise_for_status().text

    @contextmanager
    def events(
        self, run_id: str, *, key: str | None = None, last_event_id: int | None = None
    ) -> Iterator[Iterator[httpx2.ServerSentEvent]]:
        """Follow the log of a run, optionally with another key or from a given line."""
        headers = {"Authorization": f"Bearer {key or self.key}"}
        if last_event_id is not None:
            headers["Last-Event-ID"] = str(last_event_id)
        with (
            httpx2.Client(base_url=self.url, headers=headers, timeout=patience(30)) as client,
            client.sse(f"/v1/runs/{run_id}/logs") as source,
        ):
            source.response.raise_for_status()
            yield iter(source)

    def _begun_run(self, run_id: str) -> dict[str, Any] | None:
        run: dict[str, Any] = self.get(f"/v1/runs/{run_id}")
        return None if run["status"] == "queued" else run

    def _ended_run(self, run_id: str) -> dict[str, Any] | None:
        run: dict[str, Any] = self.get(f"/v1/runs/{run_id}")
        return None if run["status"] in ("queued", "running") else run


@contextmanager
def backend(
    home: Path,
    variables: Mapping[str, str] | None = None,
    *,
    port: int | None = None,
    restarted: str | None = None,
    python: str = sys.executable,
) -> Iterator[Backend]:
    """Run a backend in `home`.

    Args:
        home: folder for its data directory and its log.
        variables: its settings.
        port: port to listen on; default: a free one.
        restarted: its first API key, if it ran there before or another backend created the database.
        python: the interpreter with the distributions to use.
    """
    port = port or free_port()
    home.mkdir(exist_ok=True, parents=True)
    log = home / "backend.log"
    own = {**clean_variables(home), "PYTHONUNBUFFERED": "1", **_variables_to_pass(), **(variables or {})}
    command = [python, "-m", "wren_backend", "up", "--data-dir", str(home / "data"), "--port", str(port)]
    with serve(command, ports=[port], log=log, variables=own, is_ready=lambda: _is_ready(port)) as process:
        key = restarted or API_KEY.findall(log.read_text())[0]
        url = f"http://127.0.0.1:{port}"
        yield Backend(url=url, key=key, home=home, process=process, variables=own, python=python)


def stand_in_variables(
    providers: Emulate, *, gmail_url: str | None = None, slack_url: str | None = None
) -> dict[str, str]:
    """Return the settings that point a backend at the fake providers, or at proxies in front of them."""
    google, slack = gmail_url or providers.google_url, slack_url or providers.slack_url
    return {
        "WREN_PROVIDERS__GOOGLE__CLIENT_ID": providers.google.client_id,
        "WREN_PROVIDERS__GOOGLE__CLIENT_SECRET": providers.google.client_secret,
        "WREN_PROVIDERS__GOOGLE__AUTHORIZATION_URL": f"{providers.google_url}/o/oauth2/v2/auth",
        "WREN_PROVIDERS__GOOGLE__TOKEN_URL": f"{google}/oauth2/token",
        "WREN_PROVIDERS__GOOGLE__REVOKE_URL": f"{google}/oauth2/revoke",
        "WREN_PROVIDERS__GOOGLE__USERINFO_URL": f"{google}/oauth2/v2/userinfo",
        "WREN_PROVIDERS__SLACK__CLIENT_ID": providers.slack.client_id,
        "WREN_PROVIDERS__SLACK__CLIENT_SECRET": providers.slack.client_secret,
        "WREN_PROVIDERS__SLACK__AUTHORIZATION_URL": f"{providers.slack_url}/oauth/v2/authorize",
        "WREN_PROVIDERS__SLACK__TOKEN_URL": f"{slack}/api/oauth.v2.access",
        "WREN_PROVIDERS__SLACK__REVOKE_URL": f"{slack}/api/auth.revoke",
        "WREN_INTEGRATIONS__GMAIL__BASE_URL": google,
        "WREN_INTEGRATIONS__SLACK__BASE_URL": f"{slack}/api/",
    }


def connect(server: Backend, integration: str, consent: Callable[[str], str]) -> dict[str, Any]:
    """Connect as a person does: open the link, consent, return in the same browser; return the connection."""
    made = server.wren_json("connect", integration, "--no-browser", "--no-wait")
    with httpx2.Client(timeout=patience(30)) as browser:
        authorize = browser.post(made["connect_url"]).headers["location"]
        back = browser.get(consent(authorize))
    if back.status_code != 200:
        raise AssertionError(f"{integration} was not connected: {back.status_code} {back.text[:500]}")
    connection: dict[str, Any] = server.get(f"/v1/connections/{made['connection_id']}")
    return connection


def wait_for(look: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """Call `look` until it returns something; fail with `what` after `patience(seconds)`."""
    started = time.monotonic()
    while time.monotonic() - started < patience(seconds):
        if found := look():
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:g} s in vain for {what}")


def _is_ready(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/healthz", timeout=patience(5)).status_code == 200
    except httpx2.TransportError:
        return False


def _variables_to_pass() -> dict[str, str]:
    return {name: os.environ[name] for name in ("SSL_CERT_FILE", "TMPDIR") if name in os.environ}
