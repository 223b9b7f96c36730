"""Configuration for all tests of the workspace: the fake servers, and no skipped tests in CI."""

import signal
from typing import Any

import pytest
import pytest_timeout

from servers.availability import is_ci
from wren_core.testing.patience import patience

pytest_plugins = ["servers.fixtures"]


class SkipsAreFailures:
    """Counts skipped tests, and fails a CI run with any."""

    def __init__(self) -> None:
        self.skipped: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and not hasattr(report, "wasxfail"):
            self.skipped.append(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.skipped:
            self.skipped.append(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self.skipped and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for nodeid in self.skipped:
            terminalreporter.write_line(f"skipped in CI, which counts as a failure: {nodeid}", red=True)


@pytest.hookimpl(tryfirst=True)
def pytest_timeout_set_timer(item: pytest.Item, settings: Any) -> bool:
    """Set the timer of pytest-timeout, with a time limit that grows with the load of the machine."""
    longer = settings._replace(timeout=patience(settings.timeout))
    return bool(pytest_timeout.pytest_timeout_set_timer(item, longer))


def pytest_configure(config: pytest.Config) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # Ignored by a background job of a shell; every process that a test starts and interrupts would inherit this.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if is_ci() and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SkipsAreFailures(), "skips-are-failures")
