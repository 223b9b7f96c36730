"""The smallest honest version number."""

import pytest
from packaging.version import Version

from wren.authoring.change import Level
from wren.authoring.versions import VersionInvalid, is_enough, next_version, parse_version


@pytest.mark.parametrize(
    ("last", "level", "expected"),
    [
        ("1.2.3", Level.MAJOR, "2.0.0"),
        ("1.2.3", Level.MINOR, "1.3.0"),
        ("1.2.3", Level.PATCH, "1.2.4"),
        ("1.2.3", Level.NONE, "1.2.4"),
        ("1.2", Level.MINOR, "1.3.0"),
        # Before 1.0.0 dependents require `>=0.4,<0.5`.
        ("0.4.2", Level.MAJOR, "0.5.0"),
        ("0.4.2", Level.MINOR, "0.4.3"),
        ("0.4.2", Level.PATCH, "0.4.3"),
        # A candidate promised nothing.
        ("2.0.0rc1", Level.MAJOR, "2.0.0"),
    ],
)
def test_the_next_version_follows_from_the_gravest_change(last, level, expected):
    assert next_version(Version(last), level) == Version(expected)


@pytest.mark.parametrize(
    ("version", "last", "level", "is_honest"),
    [
        ("1.3.0", "1.2.3", Level.MINOR, True),
        ("2.0.0", "1.2.3", Level.MINOR, True),
        ("1.2.4", "1.2.3", Level.MINOR, False),
        ("2.0.0rc1", "1.2.3", Level.MAJOR, True),
        ("1.9.0", "1.2.3", Level.MAJOR, False),
        ("1.2.3", "1.2.3", Level.NONE, False),
        ("2.0.0rc1", "2.0.0rc2", Level.NONE, False),
        ("1.2.2", "1.2.3", Level.NONE, False),
        ("0.5.0", "0.4.9", Level.MAJOR, True),
        ("0.4.10", "0.4.9", Level.MAJOR, False),
        ("1.0.0", "0.4.9", Level.MAJOR, True),
    ],
)
def test_a_version_must_promise_as_much_change_as_there_is(version, last, level, is_honest):
    assert is_enough(Version(version), Version(last), level) is is_honest


def test_an_invalid_version_is_refused():
    with pytest.raises(VersionInvalid, match="'one' is no version"):
        parse_version("one")
