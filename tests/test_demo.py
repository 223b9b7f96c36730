"""The demo runs all steps, and keeps everything running with `--keep`."""

import os
import re
import signal
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import httpx2
import pytest

from servers.backend import wait_for
from servers.process import clean_variables
from wren_core.testing.patience import patience

DEMO = Path(__file__).parents[1] / "examples" / "demo.py"
ARRIVED = (
    "mail     'Your daily summary' to alice@example.com",
    "post     in #general: '3 unread mails this morning'",
    "message  'Daily summary': 'Summary of 3 mails sent'",
)


@pytest.fixture
def variables(tmp_path):
    return {**clean_variables(tmp_path), "PYTHONUNBUFFERED": "1"}


def test_the_demo_succeeds_and_shows_each_step_and_the_messages(variables):
    done = subprocess.run([sys.executable, str(DEMO)], env=variables, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout + done.stderr
    for line in (*ARRIVED, "connected as alice@example.com", "isolation sandlock", "next run:", "ended: success"):
        assert line in done.stdout
    assert re.search(r"==> Done in [\d.]+ s", done.stdout)
    assert re.search(r"wren_[a-z0-9]{8}_[\w-]{43}", done.stdout) is None, "the API key is not for the screen"


@pytest.fixture
def kept_demo(variables):
    """A demo that has started with `--keep`, and the address of its backend."""
    with subprocess.Popen(
        [sys.executable, str(DEMO), "--keep"], env=variables, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as demo:
        said = "".join(takewhile(lambda line: not line.startswith("Stop with Ctrl-C"), demo.stdout))
        yield demo, re.search(r"WREN_API_URL=(\S+)", said)[1]
        demo.kill()


def test_a_demo_with_keep_runs_until_it_is_interrupted_and_leaves_no_process(kept_demo):
    demo, url = kept_demo

    ready = httpx2.get(f"{url}/readyz", timeout=patience(5)).status_code
    os.killpg(demo.pid, signal.SIGINT)
    status = demo.wait(timeout=patience(30))

    assert (ready, status) == (200, 0)
    assert not answers(url)


def test_a_demo_that_is_killed_leaves_no_server(kept_demo):
    demo, url = kept_demo

    demo.kill()
    demo.wait()

    wait_for(lambda: not answers(url), seconds=20, what="the end of the backend")


def answers(url):
    try:
        return httpx2.get(f"{url}/healthz", timeout=patience(5)).status_code == 200
    except httpx2.TransportError:
        return False


def test_a_demo_that_cannot_start_fails_with_the_reason(variables):
    broken = {**variables, "WREN_SANDBOX": "bogus"}

    done = subprocess.run([sys.executable, str(DEMO)], env=broken, capture_output=True, text=True)

    assert done.returncode == 1
    assert "The demo failed" in done.stderr
    assert "WREN_SANDBOX" in done.stderr
    assert "Traceback" not in done.stderr
