import os

import pytest

from wren_core.testing import patience as patience_module
from wren_core.testing.patience import MAX_FACTOR, load_factor, patience


@pytest.fixture
def load(monkeypatch):
    """Set the load of the machine, which has two processors."""

    def set_load(*, mean: float, current: float = 0.0) -> None:
        monkeypatch.setattr(os, "cpu_count", lambda: 2)
        monkeypatch.setattr(os, "getloadavg", lambda: (mean, 0.0, 0.0))
        monkeypatch.setattr(patience_module, "_current_load", lambda: current)

    return set_load


@pytest.mark.parametrize(
    ("mean", "current", "expected"),
    [
        (0.0, 0.0, 30.0),
        (2.0, 0.0, 30.0),
        (6.0, 1.0, 90.0),
        (1.0, 8.0, 120.0),
        (500.0, 500.0, 30.0 * MAX_FACTOR),
    ],
    ids=["idle", "as many programs as processors", "busy for a minute", "busy since a moment", "far too busy"],
)
def test_a_time_limit_grows_with_the_number_of_programs_for_each_processor(load, mean, current, expected):
    load(mean=mean, current=current)

    assert patience(30) == expected


def test_the_load_is_read_at_each_call(load):
    load(mean=2)
    before = patience(10)

    load(mean=8)

    assert (before, patience(10)) == (10, 40)


def test_a_system_that_does_not_count_its_load_keeps_the_plain_limits(load, monkeypatch):
    load(mean=50)
    monkeypatch.delattr(os, "getloadavg")

    assert patience(10) == 10


def test_the_load_of_this_machine_can_be_read():
    assert 1 <= load_factor() <= MAX_FACTOR
