import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from wren_core.export.tools import openai_tool
from wren_core.testing import IntegrationContract
from wren_messaging import Messaging

HOME = Path(__file__).parents[1]
SPEC = Messaging.full_spec()


class TestMessaging(IntegrationContract):
    integration = Messaging


def test_it_needs_no_credential_and_reaches_no_host():
    assert (SPEC.auth_type, SPEC.credentials, SPEC.hosts, SPEC.base_url) == ("none", (), (), None)


def test_importing_the_integration_imports_neither_its_fake_nor_the_testing_kit():
    program = "import sys, wren_messaging; print([name for name in sys.modules if 'fake' in name or 'testing' in name])"

    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert shown.stdout.strip() == "[]"


def test_metadata_have_at_most_twenty_lines():
    text = (HOME / "pyproject.toml").read_text()

    assert sum(1 for line in text.splitlines() if line.strip()) <= 20
    assert set(tomllib.loads(text)) == {"project", "build-system", "tool"}


def test_effects_are_declared_correctly():
    effects = {method.id: (method.effect, method.idempotent, method.requires_approval) for method in SPEC.methods}

    assert effects == {"send": ("write", False, False), "inbox": ("read", True, False)}


@pytest.mark.parametrize("method", SPEC.methods, ids=lambda method: method.id)
def test_every_method_exports_as_a_strict_tool(method):
    assert openai_tool("messaging", method)["function"]["strict"] is True
