"""The check in a separate process, of plugins that a test installs, and the suite that runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from wren_core.testing import IntegrationContract, checking
from wren_core.testing.checking import CheckStopped, check_installed

SOURCE = '''
"""A plugin."""

import os, sys
from wren_core import Integration, IntegrationSpec, method

{top}

class Sums(Integration):
    """Add numbers."""

    spec = IntegrationSpec(name="sums", display_name="Sums")

    @method(example="sums.add(1, 2)")
    def add(self, a: int, b: int) -> int:
        """Add two numbers."""
        {body}
        return a + b
'''


@pytest.fixture
def sums(install: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a plugin where child processes find it, too."""

    def sums(top: str = "", body: str = "pass") -> None:
        folder = install(
            "wren-sums", {"wren_sums": SOURCE.format(top=top, body=body)}, entry_points={"sums": "wren_sums:Sums"}
        )
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]))

    return sums


def failed(report):
    return {rule["id"]: rule["findings"] for rule in report["rules"] if rule["outcome"] == "failed"}


def test_an_installed_integration_is_checked_in_another_process(sums):
    sums()

    report = check_installed("sums")

    assert (report["integration"], report["distribution"], report["class"]) == ("sums", "wren-sums", "wren_sums:Sums")
    assert set(failed(report)) == {"W102-metadata", "W202-readme", "W309-parameters"}
    assert report["tier"] is None


def test_side_effects_of_the_import_are_reported(sums):
    sums(top="HOME = os.environ.get('HOME')\nprint('hello')")

    assert failed(check_installed("sums"))["W107-import-effects"] == [
        {"place": "wren_sums.py:7", "message": "its import reads the environment variable HOME", "weight": "fault"}
    ]


def test_an_integration_reaches_its_fake_without_the_proxy_of_the_environment(sums, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    sums(body="if {'HTTPS_PROXY', 'all_proxy'} & set(os.environ): raise ValueError('a proxy')")

    assert "W301-fake" not in failed(check_installed("sums"))


def test_an_integration_that_does_not_load_fails_the_first_rule(sums):
    sums(top="raise RuntimeError('broken')")

    (finding,) = failed(check_installed("sums"))["W101-offer"]

    assert finding["message"].startswith("PLUGIN_RAISED: RuntimeError: broken")


def test_an_integration_that_is_not_installed_fails_the_first_rule():
    (finding,) = failed(check_installed("nowhere"))["W101-offer"]

    assert "no installed distribution has an entry point 'nowhere'" in finding["message"]


def test_the_error_about_a_plugin_that_ends_the_process_names_the_step(sums):
    sums(body="os._exit(7)")

    with pytest.raises(CheckStopped, match=r"was stopped at sums.add: the process ended with 7"):
        check_installed("sums")


def test_the_check_of_a_plugin_that_hangs_is_stopped(sums):
    sums(body="\n        while True: pass")

    with pytest.raises(CheckStopped, match=r"the check of 'sums' was stopped at .+: it hung for 1 s"):
        check_installed("sums", time_limit=timedelta(seconds=1))


def test_exemptions_in_pyproject_toml_need_a_reason(sums, tmp_path):
    sums()
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "README.md").write_text("- `add(a, b)`\n")
    (folder / "pyproject.toml").write_text("[project]\n[tool.wren.check]\nexempt = {W309 = 'later'}\n")

    with pytest.raises(Exception, match="W309-parameters needs a reason") as caught:
        check_installed("sums", folder=folder)

    assert caught.value.code == "EXEMPTION_INVALID"


def test_the_error_about_the_missing_extra_says_what_to_install(monkeypatch):
    monkeypatch.setattr(checking, "find_spec", lambda name: None)

    with pytest.raises(checking.TestingMissing, match=r"pip install 'wren-core\[testing\]'"):
        check_installed("sums")


def test_a_suite_checks_once_even_when_the_check_fails(sums, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    sums(body="open(os.path.expanduser('~/.wren-sums-tried'), 'a').write('x'); os._exit(7)")
    import wren_sums

    class Contract(IntegrationContract):
        integration = wren_sums.Sums

    for _ in range(2):
        with pytest.raises(AssertionError, match=r"was stopped at sums.add: the process ended with 7"):
            Contract().test_W101_offer()

    assert (Path.home() / ".wren-sums-tried").read_text() == "x"


CONTRACT = """
from wren_core.testing import IntegrationContract
from wren_sums import Sums


class TestSums(IntegrationContract):
    integration = Sums
"""


def test_a_class_of_three_lines_is_a_suite_with_one_test_for_each_rule(sums, tmp_path):
    sums()
    (tmp_path / "test_sums.py").write_text(CONTRACT)
    (tmp_path / "pytest.ini").touch()  # an author's folder: no settings from above it

    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", "test_sums.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    failures = [line for line in done.stdout.splitlines() if line.startswith("FAILED")]
    assert "25 passed" in done.stdout
    assert [line.split(" ")[1].rpartition("::")[2] for line in failures] == [
        "test_W102_metadata",
        "test_W202_readme",
        "test_W309_parameters",
    ]
    assert "fix: One row or item for each method that begins with" in done.stdout
