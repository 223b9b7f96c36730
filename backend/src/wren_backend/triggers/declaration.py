"""One trigger as a script declares it. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from wren_backend.triggers.supported import SUPPORTED_TRIGGERS
from wren_core.errors import AgentFixableError


class TriggerUnsupported(AgentFixableError):
    """The script declares a trigger of a type that this backend cannot fire."""

    code = "TRIGGER_UNSUPPORTED"


@dataclass(frozen=True, kw_only=True)
class TriggerDeclaration:
    """A trigger: its type, the function it calls, and its configuration in the one form of its kind."""

    type: str
    func: str
    config: dict[str, Any]

    @classmethod
    def of(cls, type_: str, func: str, config: Mapping[str, Any]) -> "TriggerDeclaration":
        """Return a declaration with a normalized configuration; that of an unknown type stays as it is.

        Raises:
            ValueError: the configuration lacks a value or holds one of the wrong type.
        """
        kind = SUPPORTED_TRIGGERS.get(type_)
        return cls(type=type_, func=func, config=dict(config) if kind is None else kind.normalize(config))

    @property
    def identity(self) -> str:
        """Return what makes a trigger the same trigger in the next version: its type, function and configuration."""
        canonical = json.dumps([self.type, self.func, self.config], sort_keys=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def first_due(self, now: datetime) -> datetime | None:
        """Return when it fires first after `now`, or None for a type without a clock."""
        kind = SUPPORTED_TRIGGERS.get(self.type)
        return None if kind is None else kind.first_due(self.config, now)

    def check(self, *, now: datetime, min_interval: timedelta) -> None:
        """Refuse a trigger that could be stored but would never fire, or would fire too often.

        Raises:
            TriggerUnsupported: this backend does not fire its type.
            AgentFixableError: what the kind refuses.
        """
        if self.type not in SUPPORTED_TRIGGERS:
            supported = sorted(SUPPORTED_TRIGGERS)
            raise TriggerUnsupported(
                f"{self.func} has a trigger of type {self.type!r}, which this backend cannot fire yet; "
                f"it fires {' and '.join(supported)} triggers. Remove the trigger or use a schedule",
                details={"func": self.func, "trigger": self.type, "supported": supported},
            )
        SUPPORTED_TRIGGERS[self.type].check(self.func, self.config, now=now, min_interval=min_interval)
