"""One difference between two releases of a plugin, and the part of the version number it asks for."""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """Which part of the version number a difference raises."""

    NONE = 0
    PATCH = 1
    """Texts and addresses: callers change nothing and gain nothing."""
    MINOR = 2
    """Something was added, or more is accepted: existing calls keep working."""
    MAJOR = 3
    """Existing calls may fail: something was removed, became required or is no longer accepted."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """A difference."""

    level: Level
    where: str
    """What it is about: `init`, `credentials`, or a method's id."""
    text: str
    """What happened to it, such as `parameter 'title' is newly required`."""

    def __str__(self) -> str:
        return f"{self.where}: {self.text}"


def highest_level(changes: list[Change]) -> Level:
    """Return the highest level among the differences."""
    return max((change.level for change in changes), default=Level.NONE)
