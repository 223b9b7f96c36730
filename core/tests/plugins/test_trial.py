"""Plugins that no thread with a time limit can stop, tried in a real child process."""

import importlib
import sys
from datetime import timedelta

import pytest
from importlib_metadata import EntryPoint

from wren_core.plugins.discovery import discover
from wren_core.plugins.policy import PluginPolicy
from wren_core.plugins.trial import try_imports
from wren_core.testing.patience import patience

GOOD = '''
from wren_core import Integration, IntegrationSpec, method

class Plugin(Integration):
    """Answer."""

    spec = IntegrationSpec(name="{name}", display_name="Plugin", type="documents")

    @method
    def answer(self) -> str:
        """Answer."""
        return "yes"
'''
# Backtracking of a regular expression and the power of a large number hold the interpreter until they end.
BLOCKING = {
    "regex": "import re; re.match('(a+)+$', 'a' * 60 + 'b')",
    "power": "(10 ** 9) ** (10 ** 9)",
    "long_join": "sum(range(10 ** 14))",
}
ENDING = {
    "exits": ("import os; os._exit(7)", "exit code 7"),
    "crashes": ("import ctypes; ctypes.string_at(0)", "signal 11"),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "signal 9"),
}


@pytest.fixture
def install(tmp_path, monkeypatch):
    """Write a module and return its entry point."""
    monkeypatch.syspath_prepend(str(tmp_path))
    written = []

    def install_one(name, source=GOOD):
        (tmp_path / f"trial_{name}.py").write_text(source.format(name=name) if source is GOOD else source)
        importlib.invalidate_caches()
        written.append(f"trial_{name}")
        return EntryPoint(name=name, value=f"trial_{name}:Plugin", group="wren.integrations")

    yield install_one
    for module in written:
        sys.modules.pop(module, None)


@pytest.mark.parametrize("name", BLOCKING)
def test_an_import_that_blocks_the_interpreter_is_ended_and_the_others_are_tried(install, name):
    limit = timedelta(seconds=patience(1))
    points = [install("alpha"), install(name, BLOCKING[name]), install("zeta")]

    refused = try_imports(points, limit)

    assert {key: error.code for key, error in refused.items()} == {name: "PLUGIN_TIMED_OUT"}
    assert "blocked the interpreter" in str(refused[name])


@pytest.mark.parametrize("name", ENDING)
def test_a_plugin_that_ends_its_process_ends_a_child(install, name):
    source, ending = ENDING[name]

    refused = try_imports([install("alpha"), install(name, source), install("zeta")], timedelta(seconds=patience(20)))

    assert {key: (error.code, str(error)) for key, error in refused.items()} == {
        name: ("PLUGIN_ENDED_PROCESS", f"ended the process that loaded it, with {ending}")
    }


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("raise ValueError('broken')", "PLUGIN_RAISED"),
        ("import sys; sys.exit(3)", "PLUGIN_EXITED"),
        ("import no_such_module_at_all", "DEPENDENCY_MISSING"),
        ("Plugin = 3", "PLUGIN_INVALID"),
        ("print('noise' * 100_000)\nraise ValueError('broken')", "PLUGIN_RAISED"),
    ],
)
def test_other_faults_are_what_they_are_without_a_trial(install, source, code):
    refused = try_imports([install("beta", source)], timedelta(seconds=patience(20)))

    assert refused["beta"].code == code


def test_only_what_passed_is_imported_here(install):
    points = [install("alpha"), install("beta", "raise ValueError('broken')")]

    found = discover(entry_points=points, time_limit=timedelta(seconds=patience(20)), tries_first=True)

    assert [plugin.name for plugin in found.loaded] == ["alpha"]
    assert [(plugin.name, plugin.code) for plugin in found.failed] == [("beta", "PLUGIN_RAISED")]
    assert "trial_alpha" in sys.modules
    assert "trial_beta" not in sys.modules


def test_nothing_to_try_starts_no_child(install, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    policy = PluginPolicy(first_party=frozenset({"wren-alpha"}))

    assert try_imports([], timedelta(seconds=1)) == {}
    assert policy.is_first_party("wren_alpha")
    assert discover(entry_points=[], tries_first=True).failed == ()
