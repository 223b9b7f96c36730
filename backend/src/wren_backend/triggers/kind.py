"""What a kind of trigger can do. Each kind is one module; `supported` lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True)
class Fire:
    """One event of a trigger, which gets one run."""

    key: str
    """Tells the event from all others of its trigger."""
    event: Mapping[str, Any]
    """What the function receives."""
    scheduled_for: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class FirePlan:
    """What to do about one due trigger."""

    fires: tuple[Fire, ...]
    """Earliest first; empty where the misfire policy skips them."""
    missed: int = 0
    """Fire times that get no run."""
    next_fire_at: datetime | None


class TriggerKind(Protocol):
    """How triggers of one type are configured and when they fire. Pure: every method takes what it needs."""

    def normalize(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return a configuration with its defaults and without unknown keys; two equal ones are the same trigger.

        Raises:
            ValueError: a value is missing or has the wrong type.
        """
        ...

    def check(self, func: str, config: Mapping[str, Any], *, now: datetime, min_interval: timedelta) -> None:
        """Refuse a configuration that could be stored but would never fire, or would fire too often.

        Raises:
            AgentFixableError: names the function `func` or the value, and the fix.
        """
        ...

    def first_due(self, config: Mapping[str, Any], now: datetime) -> datetime | None:
        """Return when the trigger fires first after `now`, or None for a kind without a clock."""
        ...

    def plan(self, config: Mapping[str, Any], *, due_at: datetime, now: datetime) -> FirePlan:
        """Return the events of a trigger that is due since `due_at`, which is not after `now`."""
        ...
