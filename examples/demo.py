"""A complete run on one machine, without an account: `python3 dev.py demo`.

Starts the fake providers that the plugins ship, starts the backend on SQLite, connects with the real OAuth flow,
deploys `daily_summary.py` with the real command line, fires it, follows its log, and shows the results.
"""

import argparse
import html
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2

from wren.authoring.child_process import ChildProcess
from wren_core.protocol.variables import base_url_variable
from wren_core.testing import serve

SCRIPT = Path(__file__).with_name("daily_summary.py")
NAME = "daily_summary"
# Name of the fake -> provider in the settings, and the paths of its OAuth endpoints and API.
PROVIDERS = {
    "gmail": ("GOOGLE", "/o/oauth2/v2/auth", "/oauth2/token", "/oauth2/revoke", "/oauth2/v2/userinfo", ""),
    "slack": ("SLACK", "/oauth/v2/authorize", "/api/oauth.v2.access", "/api/auth.revoke", "", "/api/"),
}
START_SECONDS = 30.0


class DemoFailed(Exception):
    """A step of the demo failed."""


@dataclass(frozen=True, kw_only=True)
class Backend:
    """A running backend: its URL, API key and log."""

    url: str
    key: str
    log: Path

    def env(self) -> dict[str, str]:
        """Return the environment for the command line."""
        return {**os.environ, "WREN_API_URL": self.url, "WREN_API_KEY": self.key}

    def get(self, path: str) -> Any:
        """Send a GET request to the API."""
        answer = httpx2.get(self.url + path, headers={"Authorization": f"Bearer {self.key}"}, timeout=30)
        return answer.raise_for_status().json()


def main() -> int:
    """Run the demo; return 0 if all messages have arrived."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--keep", action="store_true", help="keep the backend running until Ctrl-C")
    options = arguments.parse_args()
    started = time.monotonic()
    with ExitStack() as stack:
        try:
            fakes, urls = start_fakes(stack)
            backend = stack.enter_context(start_backend(urls))
            for name in PROVIDERS:
                connect(backend, name)
            deploy(backend)
            fire(backend)
            show_arrivals(fakes, backend)
        except (DemoFailed, httpx2.HTTPError) as exc:
            print(f"\nThe demo failed: {exc}", file=sys.stderr)
            return 1
        step(f"Done in {time.monotonic() - started:.1f} s. {where_to_look(backend)}")
        if options.keep:
            wait_for_interrupt(backend)
    return 0


def start_fakes(stack: ExitStack) -> tuple[dict[str, Any], dict[str, str]]:
    """Serve the fake of every provider that the script uses."""
    step("Starting the fake providers (shipped with the plugins)")
    found = {point.name: point for point in entry_points(group="wren.fakes")}
    fakes = {name: found[name].load()() for name in PROVIDERS}
    urls = {name: stack.enter_context(serve(fake)) for name, fake in fakes.items()}
    for name, url in urls.items():
        tell(f"{name} at {url}")
    return fakes, urls


@contextmanager
def start_backend(urls: dict[str, str]) -> Iterator[Backend]:
    """Start the backend in an empty data directory and stop it afterwards."""
    step("Starting the backend on SQLite")
    with tempfile.TemporaryDirectory(prefix="wren-demo-") as folder:
        port = free_port()
        log = Path(folder) / "backend.log"
        command = ["wren_backend", "up", "--data-dir", f"{folder}/data", "--port", str(port)]
        # Ends with this process, even when that is killed.
        process = ChildProcess(Path(sys.executable), command, variables=backend_env(urls), log=log)
        try:
            key = first_key(process, log)
            backend = Backend(url=f"http://127.0.0.1:{port}", key=key, log=log)
            wait_until_ready(backend)
            yield backend
        finally:
            process.stop()


def backend_env(urls: dict[str, str]) -> dict[str, str]:
    """Return the settings that point the backend at the fakes."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("WREN_") or key == "WREN_SANDBOX"}
    for name, (provider, authorize, token, revoke, userinfo, api) in PROVIDERS.items():
        paths = {"AUTHORIZATION": authorize, "TOKEN": token, "REVOKE": revoke, "USERINFO": userinfo}
        env |= {f"WREN_PROVIDERS__{provider}__{key}_URL": urls[name] + path for key, path in paths.items() if path}
        env[f"WREN_PROVIDERS__{provider}__CLIENT_ID"] = "fake-client"
        env[f"WREN_PROVIDERS__{provider}__CLIENT_SECRET"] = "fake-client-secret"
        env[base_url_variable(name)] = urls[name] + api
    return {**env, "PYTHONUNBUFFERED": "1"}  # the key is read from its output


def first_key(process: ChildProcess, log: Path) -> str:
    """Show the start of the backend's output, up to the API key, which is printed once."""
    greeting = read_greeting(process, log)
    key = re.search(r"wren_[a-z0-9]{8}_[\w-]{43}", greeting)
    if key is None:
        raise DemoFailed(f"the backend did not start:\n{log.read_text()[-2000:]}")
    for line in greeting.splitlines():
        if not line.startswith("{"):  # a line of its log
            tell(line.replace(key[0], key[0][:14] + "..."))
    return key[0]


def read_greeting(process: ChildProcess, log: Path) -> str:
    """Read the log until it has the line with the API key, or until the backend has ended."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and not process.has_ended:
        text = log.read_text(errors="replace")
        before, found, after = text.partition("  first API key")
        if "\n" in after:
            return before + found + after.partition("\n")[0]
        time.sleep(0.05)
    return ""


def wait_until_ready(backend: Backend) -> None:
    """Wait for /readyz."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            answer = httpx2.get(f"{backend.url}/readyz", timeout=5)
        except httpx2.TransportError:
            time.sleep(0.05)
            continue
        if answer.status_code == 200:
            return
        raise DemoFailed(f"the backend is not ready: {answer.text}")
    raise DemoFailed(f"the backend did not answer:\n{backend.log.read_text()[-2000:]}")


def connect(backend: Backend, name: str) -> None:
    """Connect as a person does: open the link, consent, come back."""
    step(f"Connecting {name} with OAuth (authorization code, PKCE, one-time state)")
    made = wren_json(backend, "connect", name, "--no-browser", "--no-wait")
    with httpx2.Client(follow_redirects=True, timeout=30) as browser:
        consent = browser.post(made["connect_url"])
        action, fields = consent_form(consent.text, "alice@example.com")
        done = browser.post(urljoin(str(consent.url), action), data=fields)
    connection = backend.get(f"/v1/connections/{made['connection_id']}")
    if done.status_code != 200 or connection["status"] != "active":
        raise DemoFailed(f"{name} was not connected: {done.status_code} {connection}")
    tell(f"connected as {connection['account']}")


def consent_form(page: str, user: str) -> tuple[str, dict[str, str]]:
    """Return the action and the fields of the consent form of `user`."""
    for form in re.findall(r"<form.*?</form>", page, re.DOTALL):
        inputs = re.findall(r'<input[^>]*name="([^"]+)"[^>]*value="([^"]*)"', form)
        fields = {html.unescape(key): html.unescape(value) for key, value in inputs}
        if user in fields.values():
            return html.unescape(re.search(r'action="([^"]+)"', form)[1]), fields  # type: ignore[index]
    raise DemoFailed(f"no consent form for {user}")


def deploy(backend: Backend) -> None:
    """Check and deploy the script with the command line."""
    step(f"$ wren test {SCRIPT.name}")
    wren(backend, "test", str(SCRIPT))
    step(f"$ wren deploy {SCRIPT.name}")
    wren(backend, "deploy", str(SCRIPT), "--name", NAME)


def fire(backend: Backend) -> None:
    """Fire the script now, and follow its log until it ends."""
    step(f"$ wren run {NAME}")
    run = wren_json(backend, "run", NAME)["run_id"]
    step("$ wren logs -f " + run)
    wren(backend, "logs", "-f", run)
    ended = backend.get(f"/v1/runs/{run}")
    calls = ", ".join(f"{call['integration']}.{call['method']} {call['ms']:.0f} ms" for call in ended["calls"])
    tell(f"{ended['status']} in {ended['duration_ms']} ms, isolation {ended['isolation']}: {calls}")
    if ended["status"] != "success":
        raise DemoFailed(f"the run ended as {ended['status']}: {json.dumps(ended['error'])}")


def show_arrivals(fakes: dict[str, Any], backend: Backend) -> None:
    """Show what arrived at the providers: exactly one of each."""
    step("What arrived")
    mails = fakes["gmail"].sent
    posts = fakes["slack"].messages_in("general")
    messages = backend.get("/v1/messages")["messages"]
    if (len(mails), len(posts), len(messages)) != (1, 1, 1):
        raise DemoFailed(f"{len(mails)} mails, {len(posts)} posts and {len(messages)} messages instead of one of each")
    tell(f"mail     {mails[0].subject!r} to {mails[0].to}")
    tell(f"post     in #general: {posts[0]['text'].splitlines()[0]!r}")
    tell(f"message  {messages[0]['subject']!r}: {messages[0]['body']!r}")
    step(f"$ wren status {NAME}")
    wren(backend, "status", NAME)


def where_to_look(backend: Backend) -> str:
    """Return the next steps for a newcomer."""
    return f"The API is documented at {backend.url}/docs; the script is {SCRIPT}."


def wait_for_interrupt(backend: Backend) -> None:
    """Keep everything running until Ctrl-C."""
    print(f"\nStill up. Try it:\n  export WREN_API_URL={backend.url} WREN_API_KEY={backend.key}\n  wren status")
    print("Stop with Ctrl-C.")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        print()


def wren(backend: Backend, *arguments: str) -> None:
    """Run the command line and show its output."""
    command = [sys.executable, "-m", "wren", *arguments]
    with subprocess.Popen(
        command, env=backend.env(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            tell(line.rstrip())
    if process.returncode:
        raise DemoFailed(f"`wren {' '.join(arguments)}` ended with {process.returncode}")


def wren_json(backend: Backend, *arguments: str) -> Any:
    """Run the command line and return its JSON output."""
    command = [sys.executable, "-m", "wren", *arguments, "--json"]
    done = subprocess.run(command, env=backend.env(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise DemoFailed(f"`wren {' '.join(arguments)}` ended with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def free_port() -> int:
    """Return a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def step(text: str) -> None:
    """Print the title of a step."""
    print(f"\n==> {text}", flush=True)


def tell(text: str) -> None:
    """Print a detail."""
    print(f"    {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
