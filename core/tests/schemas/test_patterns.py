import re
import time

import pytest

from wren_core.schemas.patterns import is_catastrophic
from wren_core.testing.patience import patience

EXPONENTIAL = [
    *(
        r"^(a+)+$",
        r"(a*)*",
        r"(.*)*x",
        r"^(a|aa)+$",
        r"^(a|b|ab)*$",
        r"(a?b?)*$",
        r"^(\w+\s?)*$",
        r"([a-z]+)*[A-Z]",
        r"(x+x+)+y",
    ),
    *(
        r"^(?!x)(a+)+$",
        r"^(?=(a|aa)*$)b",
        r"^(\d+|\w+)*!$",
        r"(?:(?:ab)+)+c",
        r"^([^,]*,?)*$",
        r"(a{1,50}){1,50}",
        r"(a+?)+?b",
    ),
]
HARMLESS = [
    *(
        r"^[a-z][a-z0-9_]{0,62}$",
        r"^\d{4}-\d{2}-\d{2}$",
        r"^(\w+\.)*\w+$",
        r"^(?:[a-z]{1,63}\.)+[a-z]{2,}$",
        r"a+",
        r"",
    ),
    *(
        r"^[^@\s]+@[^@\s]+\.[a-z]+$",
        r"(a|b)*",
        r"^#(?:[0-9a-f]{3}){1,2}$",
        r"^(?!-)[\w-]+(?<!-)$",
        r"\s*\s*$",
        r"(a{1,3}){1,3}",
    ),
    *(r"^(https?|ftp)://[^\s/$.?#].[^\s]*$", r"^([0-1]\d|2[0-3]):[0-5]\d$", r"^(ab|ac)*$", r"^(a|b)(?(1)c|d)$"),
]


@pytest.mark.parametrize("pattern", EXPONENTIAL)
def test_a_pattern_that_can_hang_an_engine_is_found(pattern):
    assert is_catastrophic(pattern)


@pytest.mark.parametrize("pattern", HARMLESS)
def test_a_pattern_that_cannot_is_left_alone(pattern):
    assert not is_catastrophic(pattern)


@pytest.mark.parametrize("pattern", [r"^(a+)+$", r"^(a|aa)+$", r"^(a?b?a)*$"])
def test_the_verdict_is_what_an_engine_shows(pattern):
    """The time of Python's own engine grows by a half or more with every character; 14 more are enough to see it."""
    short, long = (min(_seconds(pattern, "a" * length + "!") for _ in range(3)) for length in (10, 24))

    assert long > 20 * short


def _seconds(pattern: str, text: str) -> float:
    started = time.perf_counter()
    re.match(pattern, text)
    return time.perf_counter() - started


@pytest.mark.parametrize("pattern", [r"(a+", r"\p{L}+", "(" * 3000])
def test_what_python_cannot_read_is_not_judged(pattern):
    assert not is_catastrophic(pattern)


@pytest.mark.parametrize("pattern", ["[a-z0-9]*x?" * 500, "a{1,60000}" * 60, "[a-z]*" * 110, "(" + "a?b?" * 50 + ")x"])
def test_judging_a_long_pattern_takes_no_time(pattern):
    started = time.perf_counter()

    assert not is_catastrophic(pattern)
    assert time.perf_counter() - started < patience(2)
