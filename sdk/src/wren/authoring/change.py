"""One difference between two releases of a plugin, and how much it weighs in a version number."""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """What a difference asks of the next version: the higher, the more it breaks."""

    NONE = 0
    PATCH = 1
    """Words and addresses: nobody has to change anything, and nobody gains anything to call."""
    MINOR = 2
    """Something was added, or more is accepted: what worked goes on working."""
    MAJOR = 3
    """What worked may stop working: something was removed, is newly required or is accepted no longer."""


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


def highest(changes: list[Change]) -> Level:
    """Return what all the differences together ask for."""
    return max((change.level for change in changes), default=Level.NONE)
