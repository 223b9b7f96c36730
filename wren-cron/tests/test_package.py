import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from wren_core.export.tools import openai_tool
from wren_core.testing import IntegrationContract
from wren_cron import Cron

HOME = Path(__file__).parents[1]
SPEC = Cron.full_spec()


class TestCron(IntegrationContract):
    integration = Cron


def test_it_needs_no_credential_and_reaches_no_host():
    assert (SPEC.auth_type, SPEC.credentials, SPEC.hosts, SPEC.base_url) == ("none", (), (), None)


def test_it_opens_no_socket():
    guard = """
import sys
def hook(event, args):
    if event.startswith("socket."):
        raise RuntimeError(event)
sys.addaudithook(hook)
from wren_cron import Cron
cron = Cron.create()
cron.describe("@daily", "Europe/Berlin"), cron.next_runs("@daily"), cron.validate("nonsense", "nowhere")
"""
    done = subprocess.run([sys.executable, "-c", guard], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_metadata_have_at_most_twenty_lines():
    text = (HOME / "pyproject.toml").read_text()

    assert sum(1 for line in text.splitlines() if line.strip()) <= 20
    assert set(tomllib.loads(text)) == {"project", "build-system", "tool"}


@pytest.mark.parametrize("method", SPEC.methods, ids=lambda method: method.id)
def test_every_method_only_reads(method):
    assert (method.effect, method.idempotent, method.requires_approval, method.scopes) == ("read", True, False, ())


@pytest.mark.parametrize("method", SPEC.methods, ids=lambda method: method.id)
def test_every_method_exports_as_a_strict_tool(method):
    assert openai_tool("cron", method)["function"]["strict"] is True
