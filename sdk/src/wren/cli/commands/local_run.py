"""Runs one function of a file on this machine, in a child process; messages go to the terminal."""

import signal
import sys
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from wren.api.correlation import invocation_id
from wren.cli import exit_codes
from wren.cli.commands.script_check import read_script_text
from wren.cli.exit_codes import exit_code_of
from wren.cli.run_report import format_call, format_failure, format_message
from wren.cli.screen import Screen
from wren.runner import child_process
from wren.script.terminal_host import TerminalHost
from wren_core.errors import AgentFixableError, InternalError, WrenError, error_from_wire
from wren_core.protocol.jobs import DescribeJob, RunJob

_DESCRIBE_LIMIT = timedelta(seconds=60)


def run_locally(
    screen: Screen, script: Path, *, func: str | None, event: dict[str, Any] | None, timeout: float | None
) -> int:
    """Run a function of `script` and return the exit code; its output goes to the terminal."""
    source, filename = read_script_text(script), str(script)
    trigger = _choose_trigger(_read_triggers(DescribeJob(script=source, filename=filename)), func)
    job = RunJob(
        script=source,
        filename=filename,
        func=trigger["func"],
        event=make_event(trigger, event, datetime.now(UTC)),
        correlation_id=invocation_id(),
    )
    host = TerminalHost(screen.note)
    outcome = child_process.run_job(
        job,
        host=host,
        time_limit=None if timeout is None else timedelta(seconds=timeout),
        # With --json, standard output holds only the answer, so the script's output goes to standard error.
        output=sys.stderr if screen.as_json else None,
        on_call=lambda call: screen.note(f"{format_call(call)} {call.ms:.0f} ms {call.outcome}"),
    )
    error = _find_error(outcome, timeout)
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
    for text, style in format_failure(error):
        screen.line(text, style=style)
    return exit_code_of(error_from_wire(error))


def make_event(trigger: Mapping[str, Any], event: dict[str, Any] | None, now: datetime) -> dict[str, Any]:
    """Return the event of a start by hand, as the server makes it; `event` is its payload, or a complete event.

    Raises:
        AgentFixableError: EVENT_REQUIRED, for a trigger whose event cannot be made up.
    """
    instant = now.isoformat()
    common = {"scheduled_for": instant, "fired_at": instant, **_list_schedule_fields(trigger)}
    if event is not None and "trigger" in event:
        return {**common, **event} if event["trigger"] in ("manual", "schedule") else event
    if event is not None or trigger["type"] in ("schedule", "manual"):
        return {"trigger": "manual", "payload": event or {}, **common}
    raise AgentFixableError(
        f"{trigger['func']} is started by {trigger['type']}; give the event, for example "
        f'--event \'{{"trigger": "{trigger["type"]}", ...}}\'',
        code="EVENT_REQUIRED",
    )


def _list_schedule_fields(trigger: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in trigger["config"].items() if key in ("cron", "timezone")}


def _read_triggers(job: DescribeJob) -> list[dict[str, Any]]:
    """Return the triggers of a script; raises the error of its import."""
    outcome = child_process.run_job(job, time_limit=_DESCRIBE_LIMIT)
    if outcome.metadata is not None:
        triggers: list[dict[str, Any]] = outcome.metadata.get("triggers", [])
        return triggers
    error = outcome.error or _find_error(outcome, _DESCRIBE_LIMIT.total_seconds()) or {}
    raise error_from_wire({**error, "message": format_message(error)})


def _choose_trigger(triggers: list[dict[str, Any]], func: str | None) -> dict[str, Any]:
    """Return the trigger of the function to run; a function without one gets a manual trigger."""
    if func is not None:
        own = [item for item in triggers if item["func"] == func]
        return own[0] if own else {"func": func, "type": "manual", "config": {}}
    names = list(dict.fromkeys(item["func"] for item in triggers))
    if len(names) == 1:
        return triggers[0]
    which = f"{', '.join(names)} have triggers" if names else "none has a trigger"
    raise AgentFixableError(
        f"name the function to run with --func NAME; {which}", code="FUNC_REQUIRED", details={"functions": names}
    )


def _find_error(outcome: child_process.RunnerOutcome, timeout: float | None) -> dict[str, Any] | None:
    """Return why a run failed, or None; success needs a result and exit code 0. Codes are the server's."""
    if outcome.is_timed_out:
        return AgentFixableError(f"the function was stopped after {timeout or 0:g} s", code="RUN_TIMEOUT").to_wire()
    if outcome.error is not None:
        return outcome.error
    if outcome.has_result and outcome.exit_code == 0:
        return None
    return _make_exit_error(outcome.exit_code).to_wire()


def _make_exit_error(exit_code: int | None) -> WrenError:
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
