"""What a running script reports about model calls: it asks before each, and reports its cost after each.

The code that sends these reports shares its process with the script, so amounts are checked for range, not for truth:
the budget does not bind a script that reports a false cost or calls a provider directly. The documentation says so.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from wren_backend.clock import Clock
from wren_backend.ids import new_id
from wren_backend.outages import Outage
from wren_backend.runs.cost_repository import NewCall
from wren_backend.runs.models import Run
from wren_backend.worker.journal import RunJournal

# Far above what a call can cost (a thousand dollars) or use. A run may send 50,000 of these, and many runs as many;
# their sums must stay within the integers of a database.
_MOST_NANOS = 10**12
_MOST_TOKENS = 10**10
_Name = Annotated[str, Field(max_length=200)]
_Tokens = Annotated[int, Field(ge=0, le=_MOST_TOKENS)]


class _AllowPayload(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    integration: _Name
    model: _Name


class _SpentPayload(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    integration: _Name
    model: _Name
    outcome: _Name
    input_tokens: _Tokens
    cached_input_tokens: _Tokens
    output_tokens: _Tokens
    images: Annotated[int, Field(ge=0, le=1000)]
    is_estimated: bool
    nano_usd: Annotated[int, Field(ge=0, le=_MOST_NANOS)]


@dataclass(frozen=True, kw_only=True)
class RunSpending:
    """Serves the two operations for one run.

    Args:
        run: whose calls these are.
        journal: keeps what the database would not take yet.
        clock: dates the calls; what the script says about time does not count.
        check_budget: raises where the workspace may spend no more.
    """

    run: Run
    journal: RunJournal
    clock: Clock
    check_budget: Callable[[str], None]

    def allow(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Let a call happen, or refuse it.

        Raises:
            BudgetExceeded: the budget is spent.
            Outage: earlier costs could not be recorded yet, so the total is unknown.
        """
        _AllowPayload.model_validate(payload)
        self.journal.settle()
        self.check_budget(self.run.workspace_id)
        return {}

    def spent(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Record a call; where the database does not take it now, it is kept and tried again."""
        told = _SpentPayload.model_validate(payload)
        self.journal.spend(NewCall(id=new_id("aic"), at=self.clock.now(), **told.model_dump()))
        with suppress(Outage):
            self.journal.settle()
        return {}
