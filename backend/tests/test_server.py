"""The whole server in a separate process, as an operator starts it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass

import httpx2
import pytest

from wren_core.testing.orphans import dies_with_its_parent
from wren_core.testing.patience import patience

KEY = re.compile(r"wren_[a-z0-9]{8}_[\w-]{43}")


@dataclass(frozen=True, kw_only=True)
class Started:
    """A server that answers, and what it has told the operator by then."""

    url: str
    greeting: str
    process: subprocess.Popen


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def command(home, *, port, host="127.0.0.1", plugins=None):
    env = {"PATH": os.defpath, "HOME": str(home), "WREN_SANDBOX": "none"}
    if plugins is not None:
        env["PYTHONPATH"] = str(plugins)
    place = ("--data-dir", str(home / "data"), "--host", host, "--port", str(port))
    program = (*dies_with_its_parent(), sys.executable, "-m", "wren_backend", "up")
    return {"args": [*program, *place], "env": env, "text": True}


@contextmanager
def started(home, **options):
    port = free_port()
    with open(home / "server.log", "w") as log:
        process = subprocess.Popen(**command(home, port=port, **options), stdout=subprocess.PIPE, stderr=log)
    try:
        greeting = [process.stdout.readline()]
        url = f"http://127.0.0.1:{port}"
        until_it_answers(url, process)
        os.set_blocking(process.stdout.fileno(), False)
        greeting += process.stdout.readlines()
        yield Started(url=url, greeting="".join(greeting), process=process)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def until_it_answers(url, process):
    waiting = threading.Event()
    while process.poll() is None:
        try:
            return httpx2.get(f"{url}/healthz", timeout=patience(5)).raise_for_status()
        except httpx2.TransportError:
            waiting.wait(0.02)
    raise AssertionError(f"the server ended with {process.returncode}")


@pytest.fixture
def plugins(tmp_path):
    """A folder with an installed plugin that raises when it is imported."""
    folder = tmp_path / "plugins"
    metadata = folder / "wren_broken-0.1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: wren-broken\nVersion: 0.1\n")
    (metadata / "entry_points.txt").write_text("[wren.integrations]\nbroken = wren_broken:Broken\n")
    (folder / "wren_broken.py").write_text("raise RuntimeError('it is broken')\n")
    return folder


def test_the_first_start_greets_with_the_first_key_and_no_later_one_does(tmp_path, plugins):
    with started(tmp_path, plugins=plugins) as first:
        key = KEY.findall(first.greeting)[0]
        listed = httpx2.get(
            f"{first.url}/v1/integrations", headers={"Authorization": f"Bearer {key}"}, timeout=patience(5)
        ).json()
        first.process.send_signal(signal.SIGTERM)
        ended = first.process.wait(timeout=patience(20))
    with started(tmp_path) as second:
        still = httpx2.get(
            f"{second.url}/v1/deployments", headers={"Authorization": f"Bearer {key}"}, timeout=patience(5)
        )
        second.process.send_signal(signal.SIGINT)
        interrupted = second.process.wait(timeout=patience(20))

    lines = first.greeting.splitlines()
    assert lines[0] == f"Wren listens on {first.url}"
    assert f"  data       {tmp_path / 'data'}" in lines
    assert "  sandbox    none: scripts run without isolation" in lines
    assert [line for line in lines if KEY.search(line)] == [f"  first API key, shown this once: {key}"]
    assert lines[-1] == f"  next       wren login --url {first.url}"
    assert "  failed     broken (wren-broken 0.1): " in first.greeting
    assert "it is broken" in first.greeting
    assert listed["failed"][0]["name"] == "broken"
    assert not KEY.search(second.greeting)
    assert "next" not in second.greeting
    assert still.status_code == 200
    assert (ended, interrupted) == (0, 0)


def test_everything_on_stderr_is_a_line_of_json_without_the_key(tmp_path):
    with started(tmp_path) as server:
        key = KEY.findall(server.greeting)[0]
        httpx2.get(f"{server.url}/v1/deployments", headers={"Authorization": f"Bearer {key}"}, timeout=patience(5))
        server.process.terminate()
        server.process.wait(timeout=patience(20))

    text = (tmp_path / "server.log").read_text()
    events = [json.loads(line)["event"] for line in text.splitlines()]
    assert "sandbox.none" in events
    assert key not in text
    assert "/v1/deployments" not in text


def test_a_port_in_use_ends_the_start_before_the_first_key_is_spent(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as stranger:
        port = stranger.getsockname()[1]
        done = subprocess.run(**command(tmp_path, port=port), capture_output=True)

    assert done.returncode == 3
    assert done.stderr.splitlines()[-1] == f"PORT_TAKEN: 127.0.0.1:{port} is in use; choose another with --port"
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_an_address_of_another_machine_is_distinguished_from_a_port_in_use(tmp_path):
    done = subprocess.run(**command(tmp_path, port=8080, host="203.0.113.1"), capture_output=True)

    assert done.returncode == 3
    said = done.stderr.splitlines()[-1]
    assert said.startswith("ADDRESS_UNUSABLE: 203.0.113.1:8080 cannot be listened on: Cannot assign requested address;")
