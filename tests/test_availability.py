"""A fake server that cannot run here skips the test on a developer's machine and fails it in CI."""

from pathlib import Path

import pytest

import servers
from servers.availability import is_ci, unavailable, wheel_folder
from servers.node import npm_package

pytest_plugins = ["pytester"]

TESTS = Path(servers.__file__).parents[1]


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("1", True), ("", False), ("false", False)])
def test_ci_is_detected_by_its_variable(monkeypatch, value, expected):
    monkeypatch.setenv("CI", value)

    assert is_ci() is expected


def test_unavailable_skips_the_test_with_the_reason(monkeypatch):
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="no registry here"):
        unavailable("no registry here")


def test_unavailable_fails_the_test_in_ci_with_the_reason(monkeypatch):
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="this is CI: no registry here"):
        unavailable("no registry here")


def test_a_wheel_that_is_not_installed_is_unavailable(monkeypatch):
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="no_such_wheel"):
        wheel_folder("no_such_wheel")


def test_an_npm_package_that_cannot_be_downloaded_is_unavailable_and_leaves_no_files(monkeypatch, tmp_path):
    monkeypatch.setenv("CI", "true")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setattr("servers.node.CACHE", tmp_path)

    with pytest.raises(pytest.fail.Exception, match=r"npm could not install emulate@0\.11\.2"):
        npm_package("emulate", "0.11.2")

    assert not (tmp_path / "emulate-0.11.2").exists()


@pytest.fixture
def a_suite_that_skips(pytester):
    """A suite with a copy of the workspace's conftest, one passing test and one skipped test."""
    pytester.makeconftest((TESTS.parent / "conftest.py").read_text())
    pytester.makepyfile(test_it="import pytest\ndef test_runs(): pass\ndef test_not(): pytest.skip('no node')")
    pytester.makeini(f"[pytest]\npythonpath = {TESTS}")
    return pytester


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_a_skipped_test_fails_the_run_in_ci(a_suite_that_skips, monkeypatch, workers):
    monkeypatch.setenv("CI", "true")

    result = a_suite_that_skips.runpytest_subprocess("-p", "no:valkey", *workers)

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["skipped in CI, which counts as a failure: test_it.py::test_not"])


def test_a_skipped_module_fails_the_run_in_ci(a_suite_that_skips, monkeypatch):
    monkeypatch.setenv("CI", "true")
    a_suite_that_skips.makepyfile(test_it="import pytest\npytest.importorskip('no_such_module')")
    a_suite_that_skips.makepyfile(test_other="def test_runs(): pass")

    result = a_suite_that_skips.runpytest_subprocess("-p", "no:valkey")

    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["skipped in CI, which counts as a failure: test_it.py"])


def test_a_skipped_test_does_not_fail_a_run_of_a_developer(a_suite_that_skips, monkeypatch):
    monkeypatch.delenv("CI", raising=False)

    result = a_suite_that_skips.runpytest_subprocess("-p", "no:valkey")

    assert result.ret == pytest.ExitCode.OK
    result.assert_outcomes(passed=1, skipped=1)
