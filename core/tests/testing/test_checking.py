"""The check in a process of its own, of plugins that a test installs, and the suite that runs it."""

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


def test_an_installed_integration_is_checked_from_outside(sums):
    sums()

    report = check_installed("sums")

    assert (report["integration"], report["distribution"], report["class"]) == ("sums", "wren-sums", "wren_sums:Sums")
    assert set(failed(report)) == {"W102-metadata", "W202-readme", "W309-parameters"}
    assert report["tier"] is None


def test_what_importing_it_does_is_seen(sums):
    sums(top="HOME = os.environ.get('HOME')\nprint('hello')")

    assert failed(check_installed("sums"))["W107-import-effects"] == [
        {"place": "wren_sums.py:7", "message": "importing it reads the environment variable HOME", "weight": "fault"}
    ]


def test_no_proxy_stands_between_an_integration_and_its_fake(sums, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("all_proxy", "http://127.0.0.1:9")
    sums(body="if {'HTTPS_PROXY', 'all_proxy'} & set(os.environ): raise ValueError('a proxy')")

    assert "W301-fake" not in failed(check_installed("sums"))


def test_one_that_does_not_load_fails_the_first_rule(sums):
    sums(top="raise RuntimeError('broken')")

    (finding,) = failed(check_installed("sums"))["W101-offer"]

    assert finding["message"].startswith("PLUGIN_RAISED: RuntimeError: broken")


def test_one_that_is_not_installed_fails_the_first_rule():
    (finding,) = failed(check_installed("nowhere"))["W101-offer"]

    assert "no installed distribution has an entry point 'nowhere'" in finding["message"]


def test_one_that_ends_the_process_is_told_with_what_was_tried(sums):
    sums(body="os._exit(7)")

    with pytest.raises(CheckStopped, match=r"was stopped while it tried sums.add: the process ended with 7"):
        check_installed("sums")


def test_one_that_hangs_is_ended(sums):
    sums(body="\n        while True: pass")

    with pytest.raises(CheckStopped, match=r"the check of 'sums' was stopped while it tried .+: it hung for 1 s"):
        check_installed("sums", time_limit=timedelta(seconds=1))


def test_exemptions_of_its_folder_are_read_and_refused_without_a_reason(sums, tmp_path):
    sums()
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "README.md").write_text("- `add(a, b)`\n")
    (folder / "pyproject.toml").write_text("[project]\n[tool.wren.check]\nexempt = {W309 = 'later'}\n")

    with pytest.raises(Exception, match="W309-parameters needs a reason") as caught:
        check_installed("sums", folder=folder)

    assert caught.value.code == "EXEMPTION_INVALID"


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(checking, "find_spec", lambda name: None)

    with pytest.raises(checking.TestingMissing, match=r"pip install 'wren-core\[testing\]'"):
        check_installed("sums")


def test_a_suite_checks_once_also_where_the_check_does_not_come_to_an_end(sums, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    sums(body="open(os.path.expanduser('~/.wren-sums-tried'), 'a').write('x'); os._exit(7)")
    import wren_sums

    class Contract(IntegrationContract):
        integration = wren_sums.Sums

    for _ in range(2):
        with pytest.raises(AssertionError, match=r"while it tried sums.add: the process ended with 7"):
            Contract().test_W101_offer()

    assert (Path.home() / ".wren-sums-tried").read_text() == "x"


CONTRACT = """
from wren_core.testing import IntegrationContract
from wren_sums import Sums


class TestSums(IntegrationContract):
    integration = Sums
"""


def test_three_lines_make_a_suite_of_one_test_for_each_rule(sums, tmp_path):
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
    assert "22 passed" in done.stdout
    assert [line.split(" ")[1].rpartition("::")[2] for line in failures] == [
        "test_W102_metadata",
        "test_W202_readme",
        "test_W309_parameters",
    ]
    assert "fix: One row or item for each method that begins with" in done.stdout
