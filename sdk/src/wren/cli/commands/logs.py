"""`wren logs`."""

import sys
from typing import Any

from wren.api.client import Client
from wren.api.records import ApiLogLine, ApiRun
from wren.cli.names import quote_name
from wren.cli.run_report import CUT_LOG, STYLES, describe_state, format_failure
from wren.cli.screen import Screen
from wren.cli.server import get_deployment, is_run_id, open_client
from wren_core.errors import AgentFixableError
from wren_core.terminal import escape_controls


def show_logs(target: str, *, follow: bool, as_json: bool) -> None:
    """Print the log of a run, or of a deployment's latest run."""
    screen = Screen(as_json=as_json)
    with open_client() as client:
        run_id = target if is_run_id(target) else _find_latest_run(client, target)
        if follow:
            run = follow_log(screen, client, run_id)
            screen.event({"event": "end", "data": run.to_wire()})
        else:
            run = _show_log(screen, client, run_id)
    if not as_json:
        _show_end(screen, run)


def follow_log(screen: Screen, client: Client, run_id: str) -> ApiRun:
    """Print a run's log until the run ends, and return the run."""
    last: ApiRun | None = None
    for item in client.follow(run_id):
        screen.event({"event": "log" if isinstance(item, ApiLogLine) else "status", "data": item.to_wire()})
        if isinstance(item, ApiRun):
            last = item
        if screen.as_json:
            continue
        if isinstance(item, ApiLogLine):
            _write_output(item.text)
        elif not item.is_finished:
            screen.note(describe_state(item))
    return _fetch_ended(client, run_id, last)


def collect_log(client: Client, run_id: str) -> tuple[ApiRun, list[ApiLogLine]]:
    """Wait until a run ends, and return it with its log."""
    items = list(client.follow(run_id))
    states = [item for item in items if isinstance(item, ApiRun)]
    return _fetch_ended(client, run_id, states[-1] if states else None), [
        item for item in items if isinstance(item, ApiLogLine)
    ]


def _fetch_ended(client: Client, run_id: str, last: ApiRun | None) -> ApiRun:
    """Return a finished run in full; the last event of the stream may already hold it."""
    is_complete = last is not None and last.is_finished and {"error", "log_truncated"} <= last.model_fields_set
    return last if last is not None and is_complete else client.run(run_id)


def _fetch_lines(client: Client, run_id: str) -> list[dict[str, Any]]:
    """Return the whole log of a run so far."""
    lines: list[dict[str, Any]] = []
    after: int | None = None
    while page := client.logs(run_id, after=after).logs:
        lines += [line.to_wire() for line in page]
        if after is not None and page[-1].seq <= after:
            break  # a server that ignores `after` has already sent everything
        after = page[-1].seq
    return lines


def _show_log(screen: Screen, client: Client, run_id: str) -> ApiRun:
    if not screen.as_json:
        _write_output(client.log_text(run_id))
        return client.run(run_id)
    run, lines = client.run(run_id), _fetch_lines(client, run_id)
    screen.answer(
        {"run_id": run_id, "status": run.status, "logs": lines, "log_truncated": run.log_truncated, "error": run.error}
    )
    return run


def _show_end(screen: Screen, run: ApiRun) -> None:
    """Print what the log does not hold: that the run is not finished, or why it failed."""
    screen.note(describe_state(run), style=STYLES.get(run.status, "dim"))
    if not run.is_finished:
        screen.note(f"follow it with `wren logs -f {run.run_id}`")
    if run.log_truncated:
        screen.note(f"the log is {CUT_LOG}", style="yellow")
    for text, style in format_failure(run.error):
        screen.note(text, style=style)


def _find_latest_run(client: Client, target: str) -> str:
    deployment = get_deployment(client, target)
    runs = client.runs(deployment.id)
    if not runs:
        raise AgentFixableError(
            f"{deployment.name} has not run yet; start it with `wren run {quote_name(deployment.name)} --wait`",
            code="NO_RUNS",
        )
    return runs[0].run_id


def _write_output(text: str) -> None:
    """Write a script's output, with terminal control characters escaped."""
    if text:
        sys.stdout.write(escape_controls(text) + ("" if text.endswith("\n") else "\n"))
        sys.stdout.flush()
