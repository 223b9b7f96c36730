"""Asks the host before a call of a model, and reports the cost of the call to it afterwards.

Without a host there is no budget: the integration runs on its own, and its owner pays.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from wren_core.ai.dialect import Quality
from wren_core.ai.pricing import cost_in_nanos
from wren_core.ai.records import Usage
from wren_core.ai.refusals import AnswerLost
from wren_core.contract.host import Host, NoHost
from wren_core.contract.spec import AIModel
from wren_core.errors import TransientError, WrenError

ALLOW = "ai.allow"
SPENT = "ai.spent"


@dataclass(frozen=True, kw_only=True)
class Meter:
    """Meters one call."""

    host: Host
    integration: str
    model: AIModel

    def allow(self) -> None:
        """Return if the budget allows the call.

        Raises:
            WrenError: the host refuses the call; UserFacingConfigError BUDGET_EXCEEDED where the budget is spent.
        """
        if not isinstance(self.host, NoHost):
            try:
                self.host.request(ALLOW, {"integration": self.integration, "model": self.model.id})
            except TransientError as exc:
                exc.nothing_done = True
                raise

    def charge(self, usage: Usage, *, outcome: str = "ok", quality: Quality = "standard") -> int | None:
        """Report what a call used, and return its cost in nanodollars; None where prices are unknown."""
        nanos = cost_in_nanos(self.model, usage, quality=quality)
        if not isinstance(self.host, NoHost):
            said = {"integration": self.integration, "model": self.model.id, "outcome": outcome}
            self.host.request(SPENT, {**said, **usage.model_dump(), "nano_usd": nanos or 0})
        return nanos

    @contextmanager
    def answered(self, least: Usage, *, quality: Quality = "standard") -> Iterator[None]:
        """Call the provider in the block; where its answer is lost, report the lowest possible cost."""
        try:
            yield
        except AnswerLost as exc:
            with suppress(WrenError):  # the lost answer is the error to raise, not its failed report
                self.charge(least, outcome=exc.code, quality=quality)
            raise
