"""How a run went, for people: its facts, its calls, and why it failed."""

from collections.abc import Iterator, Mapping
from typing import Any

from wren.api.records import Call, Run
from wren.cli.screen import Screen, cell_text
from wren_core.protocol.calls import CallRecord

STYLES = {"success": "green", "failed": "red", "timeout": "red", "lost": "red"}


def show_run(screen: Screen, run: Run) -> None:
    """Print one run: what it did and how it ended."""
    screen.line(standing(run), style=STYLES.get(run.status, ""))
    screen.facts(
        {
            "deployment": f"{run.deployment_id} version {run.version}" if run.version else run.deployment_id or None,
            "function": run.func,
            "trigger": run.trigger or None,
            "started": cell_text(run.started_at) if run.started_at else None,
            "ended": cell_text(run.completed_at) if run.completed_at else None,
            "took": None if run.duration_ms is None else f"{run.duration_ms} ms",
            "models cost": f"${run.ai_cost_usd:.6f}" if run.ai_cost_usd else None,
            "isolation": run.isolation,
            "result": run.result,
            "correlation": None if run.status == "success" else run.correlation_id,
        }
    )
    screen.table(("call", "ms", "outcome"), [(call_name(c), c.ms, c.outcome) for c in run.calls])
    for text, style in failure_lines(run.error):
        screen.line(text, style=style)


def call_name(call: Call | CallRecord) -> str:
    """Return what was called, with the account where it is known: `slack(work).post`."""
    account = f"({call.account})" if call.account else ""
    return f"{call.integration}{account}.{call.method}"


def standing(run: Run) -> str:
    """Return where a run stands, in a few words."""
    return f"{run.run_id} ended: {run.status}" if run.is_finished else f"{run.run_id} is {run.status}"


def failure_lines(error: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    """Yield why a run failed, each line with its style: place, code, message, link and the script's own traceback."""
    if not error:
        return
    yield f"{error.get('code', 'INTERNAL')}: {placed_message(error)}", "red"
    if error.get("action_url"):
        yield f"  open: {error['action_url']}", ""
    if error.get("traceback"):
        yield str(error["traceback"]), "dim"


def placed_message(error: Mapping[str, Any]) -> str:
    """Return the message of an error of a script, with the file and line to look at."""
    message, file = str(error.get("message", "")), error.get("file")
    if not file or str(file) in message:
        return message
    return f"{file}:{error['line']}: {message}" if error.get("line") else f"{file}: {message}"
