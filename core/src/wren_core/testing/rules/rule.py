"""The parts of a rule: its id, tier, reason, remedy, and the function that checks it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

from wren_core.testing.target import CheckTarget

Weight = Literal["fault", "unproved", "note"]


class Tier(IntEnum):
    """How much is tested of an integration; each tier includes those below it."""

    BRONZE = 1
    """It loads, has names and descriptions, and leaks no secret."""
    SILVER = 2
    """Its errors have the right class, its documents are complete, its examples are valid calls."""
    GOLD = 3
    """Its fake provider tests time limits, pages, hosts, scopes and undo."""
    PLATINUM = 4
    """It is cheap to list and to import, safe to give to a model, and has no exemption."""

    @property
    def label(self) -> str:
        """The name in lower case, as people write it."""
        return self.name.lower()


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One result of a rule."""

    place: str
    """Where: `chat.post`, `README.md`, `pyproject.toml`."""
    message: str
    weight: Weight = "fault"
    """A fault fails the rule; what is unproved keeps it from counting as passed; a note does neither."""


class NotApplicable(Exception):
    """The rule has nothing to check in this integration; the message says why."""


class Unproved(Exception):
    """The rule has something to check and could not; the message says why, and what would prove it."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule."""

    id: str
    """Number and name, such as `W203-auth-errors`; the number alone identifies it, too."""
    tier: Tier
    title: str
    why: str
    fix: str
    check: Callable[[CheckTarget], Iterable[Finding]]
    """Yields findings; raises NotApplicable where there is nothing to check, Unproved where it could not."""

    @property
    def code(self) -> str:
        """The number alone, such as `W203`."""
        return self.id.partition("-")[0]
