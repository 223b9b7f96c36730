"""The time limit of a test grows with the load of the machine."""

from pathlib import Path

import pytest

import servers

TESTS = Path(servers.__file__).parents[1]
SLOW = "import time, pytest\n{marker}\ndef test_slow(): time.sleep(1)"

pytest_plugins = ["pytester"]


@pytest.fixture
def run_slow_test(pytester):
    """Run a test of one second with the workspace's conftest, on a machine with the given load factor."""

    def run(*, factor, marker="", options=("--timeout=0.5",)):
        conftest = (TESTS.parent / "conftest.py").read_text()
        pytester.makeconftest(f"{conftest}\n\ndef patience(seconds):\n    return seconds * {factor}\n")
        pytester.makepyfile(test_it=SLOW.format(marker=marker))
        pytester.makeini(f"[pytest]\npythonpath = {TESTS}")
        return pytester.runpytest_subprocess("-p", "no:valkey", *options)

    return run


def test_a_slow_test_exceeds_the_time_limit_on_an_idle_machine(run_slow_test):
    result = run_slow_test(factor=1)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*Timeout (>0.5s) from pytest-timeout*"])


@pytest.mark.parametrize(
    ("marker", "options"), [("", ("--timeout=0.5",)), ("@pytest.mark.timeout(0.5)", ())], ids=["option", "marker"]
)
def test_a_slow_test_has_more_time_on_a_busy_machine(run_slow_test, marker, options):
    result = run_slow_test(factor=200, marker=marker, options=options)

    result.assert_outcomes(passed=1)
