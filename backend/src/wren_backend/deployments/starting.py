"""What a deployment is called without a name, and what a start by hand calls, gives and is known by."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from wren_backend.idempotency.repository import IdempotencyConflict
from wren_backend.ids import new_token
from wren_backend.runs.models import Run
from wren_backend.runs.repository import RunRequest
from wren_backend.tenancy.names import clean_name
from wren_backend.triggers.models import Trigger
from wren_core.contract.events import ManualStart
from wren_core.errors import AgentFixableError

UNNAMED = "script"


def choose_name(described: Mapping[str, Any]) -> str:
    """Return the function of the script's first trigger, so that a trigger added below it does not change the name."""
    return clean_name(next((trigger["func"] for trigger in described.get("triggers", ())), UNNAMED))


def choose_function(declared: Sequence[Trigger]) -> str:
    functions = sorted({trigger.func for trigger in declared})
    if len(functions) == 1:
        return functions[0]
    reason = f"{', '.join(functions)} have triggers" if functions else "no function of the script has a trigger"
    raise AgentFixableError(
        f"{reason}; name the one to run with `func` (`wren run --func`)",
        code="FUNC_REQUIRED",
        details={"functions": functions},
    )


def make_start(declared: Sequence[Trigger], func: str, payload: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Return the event of a start by hand; it names the function's schedule, where it has one."""
    configs = (item.config for item in declared if item.func == func and item.type == "schedule")
    schedule = {key: value for key, value in next(configs, {}).items() if key in ("cron", "timezone")}
    start = ManualStart(payload=dict(payload), scheduled_for=now, fired_at=now, **schedule)
    return start.model_dump(mode="json")


def make_start_key(user_id: str, key: str | None) -> str:
    """Return the identity of a start: new for each, or the same for each that a user repeats with a key."""
    return f"manual-{new_token()}" if key is None else f"manual-{user_id}-{key}"


def check_repeated_start(run: Run, request: RunRequest) -> None:
    """Refuse a repeated start that asks for something else than the first one.

    Raises:
        IdempotencyConflict: the function or the payload differs.
    """
    if (run.func, run.event.get("payload")) != (request.func, request.event.get("payload")):
        raise IdempotencyConflict("this Idempotency-Key has started a run of another function or with another payload")
