import errno
import logging
import threading

import pytest
import structlog

from wren_backend.outages import ServerExhausted
from wren_backend.repeated_logs import RepeatFilter, Repeats, drop_repeats, find_outage_code
from wren_backend.storage.errors import DatabaseBusy, DatabaseFull


class Reports:
    """What was reported, and a signal for each report."""

    def __init__(self):
        self.lines = []
        self.arrived = threading.Semaphore(0)

    def __call__(self, event, code, times):
        self.lines.append((event, code, times))
        self.arrived.release()


@pytest.fixture
def reports():
    return Reports()


def caused_by(cause):
    error = ValueError("wrapped")
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("exc", "code"),
    [
        (DatabaseBusy("away"), "DATABASE_BUSY"),
        (caused_by(DatabaseFull("full")), "DATABASE_FULL"),
        (OSError(errno.EMFILE, "too many"), "SERVER_EXHAUSTED"),
        (caused_by(OSError(errno.ENOSPC, "full")), "SERVER_EXHAUSTED"),
        ((DatabaseBusy, DatabaseBusy("away"), None), "DATABASE_BUSY"),
        (OSError(errno.ENOENT, "absent"), None),
        (ValueError("a bug"), None),
        (None, None),
    ],
)
def test_an_outage_is_known_by_its_class_or_by_its_cause(exc, code):
    assert find_outage_code(exc) == code


def test_of_500_lines_of_one_outage_one_is_written_and_the_others_are_counted(reports):
    repeats = Repeats(reports, window=0.05)

    written = [repeats.passes("request.failed", DatabaseBusy("away")) for _ in range(500)]
    assert reports.arrived.acquire(timeout=30)

    assert written == [True] + [False] * 499
    assert reports.lines[0] == ("request.failed", "DATABASE_BUSY", 499)


def test_each_event_and_each_outage_has_its_first_line(reports):
    repeats = Repeats(reports)
    failures = [DatabaseBusy("away"), DatabaseFull("full"), ServerExhausted("none")]

    written = [repeats.passes(event, exc) for event in ("request.failed", "tick") for exc in failures]

    assert written == [True] * 6


def test_every_line_of_any_other_error_is_written(reports):
    repeats = Repeats(reports)

    assert all(repeats.passes("request.failed", ValueError("a bug")) for _ in range(5))


def test_after_a_quiet_window_the_outage_is_written_again(reports):
    repeats = Repeats(reports, window=0.01)
    repeats.passes("tick", DatabaseBusy("away"))
    waiting = threading.Event()
    for _ in range(1000):
        if again := repeats.passes("tick", DatabaseBusy("away")):
            break
        waiting.wait(0.03)

    assert again


def test_the_backends_own_lines_and_those_of_libraries_are_both_held_back(reports):
    repeats = Repeats(reports)
    process, library = drop_repeats(repeats), RepeatFilter(repeats)
    exc = OSError(errno.EMFILE, "too many open files")
    record = logging.LogRecord("asyncio", logging.ERROR, "", 1, "accept failed", (), (OSError, exc, None))

    assert process(None, "error", {"event": "tick", "exc_info": exc}) == {"event": "tick", "exc_info": exc}
    with pytest.raises(structlog.DropEvent):
        process(None, "error", {"event": "tick", "exc_info": exc})
    assert [library.filter(record), library.filter(record)] == [True, False]
