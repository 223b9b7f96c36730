"""One function of a file, run on this machine in a child process; messages go to the terminal."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wren.api.correlation import invocation_id
from wren.cli import exit_codes
from wren.cli.commands.deploy import script_text
from wren.cli.exit_codes import exit_code_of
from wren.cli.run_report import call_name, failure_lines, placed_message
from wren.cli.screen import Screen
from wren.runner import child_process
from wren.script.terminal_host import TerminalHost
from wren_core.errors import AgentFixableError, InternalError, WrenError, error_from_wire
from wren_core.protocol.jobs import DescribeJob, RunJob

_DESCRIBE_LIMIT = timedelta(seconds=60)


def run_locally(
    screen: Screen, script: Path, *, func: str | None, event: dict[str, Any] | None, timeout: float | None
) -> int:
    """Run a function of `script` and return the exit code; its output goes to the terminal as it comes."""
    source, filename = script_text(script), str(script)
    trigger = _chosen_trigger(_triggers(DescribeJob(script=source, filename=filename)), func)
    job = RunJob(
        script=source,
        filename=filename,
        func=trigger["func"],
        event=event_for(trigger, event, datetime.now(UTC)),
        correlation_id=invocation_id(),
    )
    host = TerminalHost(screen.note)
    outcome = child_process.perform(
        job,
        host=host,
        time_limit=None if timeout is None else timedelta(seconds=timeout),
        # With --json the answer alone may go to standard output, so the script's goes to standard error.
        output=sys.stderr if screen.as_json else None,
        on_call=lambda call: screen.note(f"{call_name(call)} {call.ms:.0f} ms {call.outcome}"),
    )
    error = _error_of(outcome, timeout)
    status = "success" if error is None else "timeout" if outcome.is_timed_out else "failed"
    facts = {
        "status": status,
        "func": trigger["func"],
        "result": outcome.result,
        "calls": [asdict(call) for call in outcome.calls],
    }
    screen.answer({**facts, "ai_cost_usd": host.cost_usd, "error": error})
    screen.line(f"{trigger['func']} ended: {status}", style="red" if error else "green")
    if host.cost_usd:
        screen.line(f"models cost: ${host.cost_usd:.6f}")
    if error is None:
        if outcome.result is not None:
            screen.line(f"result: {outcome.result}")
        return exit_codes.OK
    for text, style in failure_lines(error):
        screen.line(text, style=style)
    return exit_code_of(error_from_wire(error))


def event_for(trigger: Mapping[str, Any], event: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    """Return the event a function is given: the one asked for, else what its trigger would bring about now.

    Raises:
        AgentFixableError: EVENT_REQUIRED, for a trigger whose event cannot be made up.
    """
    if event is not None:
        return event if "trigger" in event else {"trigger": "manual", "payload": event}
    if trigger["type"] == "schedule":
        instant = now.isoformat()
        return {"trigger": "schedule", "scheduled_for": instant, "fired_at": instant, **_schedule_of(trigger)}
    if trigger["type"] == "manual":
        return {"trigger": "manual", "payload": {}}
    raise AgentFixableError(
        f"{trigger['func']} is started by {trigger['type']}; say by what, for example "
        f'--event \'{{"trigger": "{trigger["type"]}", ...}}\'',
        code="EVENT_REQUIRED",
    )


def _schedule_of(trigger: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in trigger["config"].items() if key in ("cron", "timezone")}


def _triggers(job: DescribeJob) -> list[dict[str, Any]]:
    """Return the triggers a script declares; raises what keeps it from being imported."""
    outcome = child_process.perform(job, time_limit=_DESCRIBE_LIMIT)
    if outcome.metadata is not None:
        triggers: list[dict[str, Any]] = outcome.metadata.get("triggers", [])
        return triggers
    error = outcome.error or _error_of(outcome, _DESCRIBE_LIMIT.total_seconds()) or {}
    raise error_from_wire({**error, "message": placed_message(error)})


def _chosen_trigger(triggers: list[dict[str, Any]], func: str | None) -> dict[str, Any]:
    """Return the trigger of the function to run; a function without one is started by hand."""
    if func is not None:
        own = [item for item in triggers if item["func"] == func]
        return own[0] if own else {"func": func, "type": "manual", "config": {}}
    names = list(dict.fromkeys(item["func"] for item in triggers))
    if len(names) == 1:
        return triggers[0]
    which = f"{', '.join(names)} have triggers" if names else "none has a trigger"
    raise AgentFixableError(
        f"say which function to run with --func NAME; {which}", code="FUNC_REQUIRED", details={"functions": names}
    )


def _error_of(outcome: child_process.Outcome, timeout: float | None) -> dict[str, Any] | None:
    """Return why a run did not succeed, or None: success takes a result and a clean end. Codes are the server's."""
    if outcome.is_timed_out:
        return AgentFixableError(f"the function was stopped after {timeout or 0:g} s", code="RUN_TIMEOUT").to_wire()
    if outcome.error is not None:
        return outcome.error
    if outcome.has_result and outcome.exit_code == 0:
        return None
    return _ended_early(outcome.exit_code).to_wire()


def _ended_early(exit_code: int | None) -> WrenError:
    if exit_code is None:
        return InternalError("the process of the script did not end and was killed", code="SCRIPT_CRASHED")
    if exit_code < 0:
        return AgentFixableError(f"the script's process was ended by {_signal_name(-exit_code)}", code="SCRIPT_CRASHED")
    return AgentFixableError(
        f"the script's process ended with exit code {exit_code} before the function returned", code="SCRIPT_EXITED"
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
