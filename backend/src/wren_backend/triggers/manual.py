"""Triggers without a clock: their function runs when a person starts it."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from wren_backend.triggers.kind import FirePlan


class ManualTrigger:
    """The kind of trigger that a script declares to be startable by hand."""

    def normalize(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """Return the configuration as it is."""
        return dict(config)

    def check(self, func: str, config: Mapping[str, Any], *, now: datetime, min_interval: timedelta) -> None:
        """Accept every configuration."""

    def first_due(self, config: Mapping[str, Any], now: datetime) -> datetime | None:  # noqa: ARG002 - of the protocol
        """Return None: it is never due."""
        return None

    def plan(self, config: Mapping[str, Any], *, due_at: datetime, now: datetime) -> FirePlan:  # noqa: ARG002 - same
        """Fire nothing: a person starts its runs."""
        return FirePlan(fires=(), next_fire_at=None)
