"""`wren status` and `wren logs`."""

import sys
from datetime import UTC, datetime
from typing import Any

from wren.api.client import Client
from wren.api.records import Deployment, LogLine, Run
from wren.cli.names import quoted, trigger_text
from wren.cli.run_report import STYLES, failure_lines, show_run, standing
from wren.cli.screen import Screen, cell_text, printable
from wren.cli.server import get_deployment, is_run_id, open_client
from wren_core.errors import AgentFixableError

_SHOWN_RUNS = 10


def show_status(target: str | None, *, as_json: bool) -> None:
    """Show all deployments, one deployment with its runs, or one run."""
    screen = Screen(as_json=as_json)
    with open_client() as client:
        if target is None:
            _show_deployments(screen, client.deployments())
        elif is_run_id(target):
            found = client.run(target)
            screen.answer({"run": found.to_wire()})
            show_run(screen, found)
        else:
            deployment = get_deployment(client, target)
            _show_deployment(screen, client.deployment(deployment.id), client.runs(deployment.id))


def show_logs(target: str, *, follow: bool, as_json: bool) -> None:
    """Print the log of a run, or of a deployment's latest run."""
    screen = Screen(as_json=as_json)
    with open_client() as client:
        run_id = target if is_run_id(target) else _latest_run(client, target)
        if follow:
            run = follow_log(screen, client, run_id)
            screen.event({"event": "end", "data": run.to_wire()})
        else:
            run = _show_written(screen, client, run_id)
    if not as_json:
        _tell_end(screen, run)


def follow_log(screen: Screen, client: Client, run_id: str) -> Run:
    """Print a run's log until the run ends, and return the run."""
    last: Run | None = None
    for item in client.follow(run_id):
        screen.event({"event": "log" if isinstance(item, LogLine) else "status", "data": item.to_wire()})
        if isinstance(item, Run):
            last = item
        if screen.as_json:
            continue
        if isinstance(item, LogLine):
            _write(item.text)
        elif not item.is_finished:
            screen.note(standing(item))
    return _ended(client, run_id, last)


def collect_log(client: Client, run_id: str) -> tuple[Run, list[LogLine]]:
    """Wait until a run ends, and return it with its log."""
    items = list(client.follow(run_id))
    states = [item for item in items if isinstance(item, Run)]
    return _ended(client, run_id, states[-1] if states else None), [item for item in items if isinstance(item, LogLine)]


def _ended(client: Client, run_id: str, last: Run | None) -> Run:
    """Return a run that has ended with all that is known of it, which the stream's last word may hold."""
    is_complete = last is not None and last.is_finished and "error" in last.model_fields_set
    return last if last is not None and is_complete else client.run(run_id)


def _all_lines(client: Client, run_id: str) -> list[dict[str, Any]]:
    """Return the whole log of a run so far."""
    lines: list[dict[str, Any]] = []
    after: int | None = None
    while page := client.logs(run_id, after=after).logs:
        lines += [line.to_wire() for line in page]
        if after is not None and page[-1].seq <= after:
            break  # a server that ignores `after` has sent everything already
        after = page[-1].seq
    return lines


def _show_written(screen: Screen, client: Client, run_id: str) -> Run:
    if not screen.as_json:
        _write(client.log_text(run_id))
        return client.run(run_id)
    run, lines = client.run(run_id), _all_lines(client, run_id)
    screen.answer({"run_id": run_id, "status": run.status, "logs": lines, "error": run.error})
    return run


def _tell_end(screen: Screen, run: Run) -> None:
    """Say beside the log what the log itself does not: that it goes on, or why the run failed."""
    screen.note(standing(run), style=STYLES.get(run.status, "dim"))
    if not run.is_finished:
        screen.note(f"follow it with `wren logs -f {run.run_id}`")
    for text, style in failure_lines(run.error):
        screen.note(text, style=style)


def _show_deployments(screen: Screen, deployments: list[Deployment]) -> None:
    screen.answer({"deployments": [item.to_wire() for item in deployments]})
    if not deployments:
        screen.line("nothing is deployed yet; `wren deploy SCRIPT` does it")
        return
    screen.table(
        ("name", "status", "version", "triggers", "last run (UTC)", "", "next run (UTC)"),
        [
            (d.name, d.status, d.version, d.triggers, _minute(d.last_run), d.last_status or "", _minute(d.next_run))
            for d in deployments
        ],
    )


def _show_deployment(screen: Screen, deployment: Deployment, runs: list[Run]) -> None:
    screen.answer({"deployment": deployment.to_wire(), "runs": [run.to_wire() for run in runs]})
    screen.line(f"{deployment.name} is {deployment.status}: version {deployment.version} ({deployment.id})")
    screen.line(f"next run: {cell_text(deployment.next_run)}")
    screen.table(
        ("starts", "when", "next", "last", "missed"),
        [
            (t.func, trigger_text(t.type, t.config), cell_text(t.next_fire_at), cell_text(t.last_fire_at), t.missed)
            for t in deployment.trigger_list
        ],
    )
    for trigger in deployment.trigger_list:
        for text, style in failure_lines(trigger.error):
            screen.line(f"{trigger.func} is started no more: {text}", style=style)
    rows = [(r.run_id, r.status, r.trigger, cell_text(r.started_at), r.duration_ms) for r in runs[:_SHOWN_RUNS]]
    screen.table(("run", "status", "trigger", "started", "ms"), rows)
    if not runs:
        screen.line(f"it has not run yet; `wren run {quoted(deployment.name)} --wait` does it now")


def _minute(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def _latest_run(client: Client, target: str) -> str:
    deployment = get_deployment(client, target)
    runs = client.runs(deployment.id)
    if not runs:
        raise AgentFixableError(
            f"{deployment.name} has not run yet; start it with `wren run {quoted(deployment.name)} --wait`",
            code="NO_RUNS",
        )
    return runs[0].run_id


def _write(text: str) -> None:
    """Write a script's own output as it is, except for what could drive the terminal."""
    if text:
        sys.stdout.write(printable(text) + ("" if text.endswith("\n") else "\n"))
        sys.stdout.flush()
