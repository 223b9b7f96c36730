"""The smallest version number a release may have. Pure.

Semantic versioning, and its rule for versions below 1.0.0: they promise nothing, but dependents ask for
`>=0.4,<0.5`; so a breaking change raises the second number, and every other the third.
"""

from packaging.version import InvalidVersion, Version

from wren.authoring.change import Level
from wren_core.errors import AgentFixableError


class VersionInvalid(AgentFixableError):
    """The version is not valid, or too small for the changes."""

    code = "VERSION_INVALID"


def parse_version(text: str) -> Version:
    """Return a version.

    Raises:
        VersionInvalid: the text is not a version.
    """
    try:
        return Version(text)
    except InvalidVersion:
        raise VersionInvalid(f"{text!r} is not a version; write it like 1.2.0") from None


def next_version(last: Version, level: Level) -> Version:
    """Return the smallest version that may follow `last` when changes of this level are released.

    A pre-release such as 2.0.0rc1 promises nothing: its final release may follow.
    """
    if last.is_prerelease:
        return Version(last.base_version)
    major, minor, patch = (*last.release, 0, 0)[:3]
    if major == 0:
        level = Level.MINOR if level is Level.MAJOR else Level.PATCH
    if level is Level.MAJOR:
        return Version(f"{major + 1}.0.0")
    return Version(f"{major}.{minor + 1}.0" if level is Level.MINOR else f"{major}.{minor}.{patch + 1}")


def is_enough(version: Version, last: Version, level: Level) -> bool:
    """Tell whether `version` may follow `last`; a pre-release such as 2.0.0rc1 counts as its final release."""
    return version > last and Version(version.base_version) >= next_version(last, level)


def is_zero(version: Version) -> bool:
    """Tell whether the rule for versions below 1.0.0 applies."""
    return version.release[0] == 0
