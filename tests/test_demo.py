"""The demo runs all steps, and keeps everything running with `--keep`."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

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


def test_a_demo_with_keep_runs_until_it_is_interrupted_and_leaves_no_process(variables):
    with subprocess.Popen(
        [sys.executable, str(DEMO), "--keep"], env=variables, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as demo:
        said = []
        for line in demo.stdout:
            said.append(line)
            if line.startswith("Stop with Ctrl-C"):
                break
        url = re.search(r"WREN_API_URL=(\S+)", "".join(said))[1]
        ready = httpx2.get(f"{url}/readyz").status_code
        os.killpg(demo.pid, signal.SIGINT)
        status = demo.wait(timeout=patience(30))

    assert (ready, status) == (200, 0)
    with pytest.raises(httpx2.ConnectError):
        httpx2.get(f"{url}/readyz")


def test_a_demo_that_cannot_start_fails_with_the_reason(variables):
    broken = {**variables, "WREN_SANDBOX": "bogus"}

    done = subprocess.run([sys.executable, str(DEMO)], env=broken, capture_output=True, text=True)

    assert done.returncode == 1
    assert "The demo failed" in done.stderr
    assert "WREN_SANDBOX" in done.stderr
    assert "Traceback" not in done.stderr
