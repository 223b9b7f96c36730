"""Plugins that the operator refuses are refused everywhere: in the server, the sandbox and the command line."""

import json
import subprocess

import pytest

from servers.backend import backend
from servers.plugins import environment
from servers.process import clean_variables
from workspace import INTEGRATIONS, METADATA
from wren_core.plugins.policy import first_party_distributions
from wren_core.testing.patience import patience

# Importing one of these leaves a trace, or ends the process.
TRACE = "import pathlib; pathlib.Path(__file__).with_suffix('.imported').touch()"
CRASH = "import os; os._exit(7)"
DECLARATION = '''
{first}
from wren_core import Integration, IntegrationSpec, method

class Word(Integration):
    """Answer with a word."""

    spec = IntegrationSpec(name="{name}", display_name="Word")

    @method
    def answer(self) -> str:
        """Answer."""
        return "{name} works"
'''
# The server finds no name of an integration: only the sandbox can refuse it.
SCRIPT = """
import wren

def look():
    found = {}
    for name in ("crashing", "denied", "foreign", "good"):
        try:
            found[name] = getattr(wren.integrations, name).init().answer()
        except wren.PluginFailed as exc:
            found[name] = exc.details["cause"]
    return found
"""
KEPT_OUT = {"crashing": "PLUGIN_DISABLED", "denied": "PLUGIN_DENIED", "foreign": "PLUGIN_NOT_ALLOWED"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    made = environment(tmp_path_factory.mktemp("policy"))
    for name, first in {"good": "", "denied": TRACE, "foreign": TRACE, "crashing": CRASH}.items():
        source = DECLARATION.format(first=first, name=name)
        made.install(f"acme-{name}", source, offers=f"{name} = Word", requires=["wren-core>=0.1"])
    return made


def wren(installed, home, *arguments, **variables):
    return subprocess.run(
        [installed.python, "-m", "wren", *arguments, "--json"],
        env={**clean_variables(home), **variables},
        capture_output=True,
        text=True,
        timeout=patience(60),
        check=False,
    )


def test_a_refused_plugin_is_imported_by_no_process(installed, tmp_path):
    switched = wren(installed, tmp_path, "plugins", "disable", "crashing")
    variables = {"WREN_PLUGINS_DENY": "acme-denied", "WREN_PLUGINS_ALLOW": "good,denied,crashing"}

    with backend(tmp_path / "home", variables, python=installed.python) as server:
        failed = server.get("/v1/integrations")["failed"]
        deployed = server.deploy(SCRIPT, name="looks")
        run = server.finished_run(server.start_run(deployed["deployment_id"], func="look"))
        lines = [json.loads(line) for line in server.log.splitlines() if line.startswith("{")]

    assert (switched.returncode, json.loads(switched.stdout)["changed"]) == (0, True), switched.stderr
    assert KEPT_OUT.items() <= {item["name"]: item["code"] for item in failed}.items()
    assert {line["plugin"] for line in lines if line["event"] == "plugin.refused"} >= set(KEPT_OUT)
    assert run["result"] == {**KEPT_OUT, "good": "good works"}, run
    assert list(installed.site_packages.glob("*.imported")) == []


def test_safe_mode_loads_only_the_plugins_published_with_wren(installed, tmp_path):
    listed = json.loads(wren(installed, tmp_path, "plugins", "list", WREN_PLUGINS_SAFE_MODE="1").stdout)

    states = {plugin["name"]: (plugin["state"], plugin["code"]) for plugin in listed["plugins"]}
    assert states["slack"] == ("installed", "")
    assert states["good"] == ("refused", "PLUGIN_NOT_FIRST_PARTY")
    assert listed["policy"]["safe_mode"] is True


def test_the_first_party_distributions_are_those_of_this_workspace():
    """Safe mode allows the distributions in `wren_core/plugins/first_party.txt`: add a new integration there."""
    assert first_party_distributions() == {METADATA[member]["project"]["name"] for member in INTEGRATIONS}
