"""What a rule is: an id, a tier, why it exists, how to fix what it finds, and the function that finds it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from wren_core.testing.subject import Subject

Weight = Literal["fault", "note"]


class Tier(IntEnum):
    """How much is proved of an integration; each tier holds those below it."""

    BRONZE = 1
    """It loads, is named and described, and leaks nothing."""
    SILVER = 2
    """Its errors are translated, its documents are complete, its examples could be called."""
    GOLD = 3
    """Its fake provider proves what it does with time limits, pages, hosts, scopes and undo."""
    PLATINUM = 4
    """It is cheap to list and to import, safe to hand to a model, and asks for no exemption."""

    @property
    def label(self) -> str:
        """The name people write."""
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing a rule found."""

    place: str
    """Where: `chat.post`, `README.md`, `pyproject.toml`."""
    message: str
    weight: Weight = "fault"
    """A fault fails the rule, a note does not."""


class NotApplicable(Exception):
    """The rule has nothing to look at in this integration; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule."""

    id: str
    """Number and name, such as `W203-auth-errors`; the number alone names it too."""
    tier: Tier
    title: str
    why: str
    fix: str
    check: Callable[[Subject], Iterable[Finding]]
    """Yields findings; raises NotApplicable where there is nothing to look at."""

    @property
    def code(self) -> str:
        """The number alone, such as `W203`."""
        return self.id.partition("-")[0]
