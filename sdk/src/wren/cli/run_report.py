"""A run as text for people: its facts, its calls, and why it failed."""

from collections.abc import Iterator, Mapping
from typing import Any

from wren.api.records import ApiCall, ApiRun
from wren.cli.screen import Screen, format_cell
from wren_core.protocol.calls import CallRecord
from wren_core.terminal import is_web_link

CUT_LOG = "cut: the run wrote more than the server keeps, and what it wrote last is missing; print less"
STYLES = {"success": "green", "failed": "red", "timeout": "red", "lost": "red"}


def show_run(screen: Screen, run: ApiRun) -> None:
    """Print one run: its facts, its calls and its error."""
    screen.line(describe_state(run), style=STYLES.get(run.status, ""))
    screen.facts(
        {
            "deployment": f"{run.deployment_id} version {run.version}" if run.version else run.deployment_id or None,
            "function": run.func,
            "trigger": run.trigger or None,
            "started": format_cell(run.started_at) if run.started_at else None,
            "ended": format_cell(run.completed_at) if run.completed_at else None,
            "took": None if run.duration_ms is None else f"{run.duration_ms} ms",
            "models cost": f"${run.ai_cost_usd:.6f}" if run.ai_cost_usd else None,
            "isolation": run.isolation,
            "result": run.result,
            "log": CUT_LOG if run.log_truncated else None,
            "correlation": None if run.status == "success" else run.correlation_id,
        }
    )
    screen.table(("call", "ms", "outcome"), [(format_call(c), c.ms, c.outcome) for c in run.calls])
    if run.calls_total > len(run.calls):
        screen.line(f"these are the first {len(run.calls)} of {run.calls_total} calls")
    for text, style in format_failure(run.error):
        screen.line(text, style=style)


def format_call(call: ApiCall | CallRecord) -> str:
    """Return what was called, with the account where it is known: `chat(work).post`."""
    account = f"({call.account})" if call.account else ""
    return f"{call.integration}{account}.{call.method}"


def describe_state(run: ApiRun) -> str:
    """Return the state of a run as a short text."""
    return f"{run.run_id} ended: {run.status}" if run.is_finished else f"{run.run_id} is {run.status}"


def format_failure(error: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    """Yield why a run failed, each line with its style: place, code, message, link and the script's own traceback."""
    if not error:
        return
    yield f"{error.get('code', 'INTERNAL')}: {format_message(error)}", "red"
    if is_web_link(str(error.get("action_url"))):
        yield f"  open: {error['action_url']}", ""
    if error.get("traceback"):
        yield str(error["traceback"]), "dim"


def format_message(error: Mapping[str, Any]) -> str:
    """Return the message of a script's error, with file and line."""
    message, file = str(error.get("message", "")), error.get("file")
    if not file or str(file) in message:
        return message
    return f"{file}:{error['line']}: {message}" if error.get("line") else f"{file}: {message}"
