"""`wren status` and `wren logs`."""

import sys
from typing import Any

from wren.cli.screen import Screen, cell_text, printable
from wren.cli.server import get_deployment, is_run_id, open_client
from wren.client import Client
from wren.wire import Deployment, LogLine, Run
from wren_core.errors import AgentFixableError

_SHOWN_RUNS = 10
_STYLES = {"success": "green", "failed": "red", "timeout": "red", "lost": "red"}


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
            follow_log(screen, client, run_id)
        elif as_json:
            screen.answer({"run_id": run_id, "logs": all_lines(client, run_id)})
        else:
            _write(client.log_text(run_id))


def follow_log(screen: Screen, client: Client, run_id: str) -> None:
    """Print a run's log until the run ends."""
    for item in client.follow(run_id):
        kind = "log" if isinstance(item, LogLine) else "status"
        screen.event({"event": kind, "data": item.to_wire()})
        if isinstance(item, LogLine) and not screen.as_json:
            _write(item.text)
        elif isinstance(item, Run) and not screen.as_json:
            screen.note(f"{item.run_id} is {item.status}")


def all_lines(client: Client, run_id: str) -> list[dict[str, Any]]:
    """Return the whole log of a run so far."""
    lines: list[dict[str, Any]] = []
    after: int | None = None
    while page := client.logs(run_id, after=after).logs:
        lines += [line.to_wire() for line in page]
        if after is not None and page[-1].seq <= after:
            break  # a server that ignores `after` has sent everything already
        after = page[-1].seq
    return lines


def show_run(screen: Screen, run: Run) -> None:
    """Print one run for people: what it did and how it ended."""
    screen.line(f"{run.run_id} is {run.status}", style=_STYLES.get(run.status, ""))
    rows = [
        ("function", run.func),
        ("trigger", run.trigger),
        ("started", cell_text(run.started_at)),
        ("completed", cell_text(run.completed_at)),
        ("took", None if run.duration_ms is None else f"{run.duration_ms} ms"),
        ("isolation", run.isolation),
        ("result", run.result),
    ]
    screen.table(("", ""), rows)
    if run.calls:
        screen.table(("call", "ms", "outcome"), [(f"{c.integration}.{c.method}", c.ms, c.outcome) for c in run.calls])
    show_run_error(screen, run.error)


def show_run_error(screen: Screen, error: dict[str, Any] | None) -> None:
    """Print why a run failed: place, code, message and the script's own traceback."""
    if not error:
        return
    place = f"{error['file']}:{error.get('line', '?')}: " if error.get("file") else ""
    screen.line(f"{place}{error.get('code', 'INTERNAL')}: {error.get('message', '')}", style="red")
    if error.get("action_url"):
        screen.line(f"  next: {error['action_url']}")
    if error.get("traceback"):
        screen.line(str(error["traceback"]), style="dim")


def _show_deployments(screen: Screen, deployments: list[Deployment]) -> None:
    screen.answer({"deployments": [item.to_wire() for item in deployments]})
    if not deployments:
        screen.line("nothing is deployed yet; `wren deploy SCRIPT` does it")
        return
    screen.table(
        ("name", "status", "version", "triggers", "last run", "next run", "id"),
        [
            (d.name, d.status, d.version, _trigger_count(d), cell_text(d.last_run), cell_text(d.next_run), d.id)
            for d in deployments
        ],
    )


def _show_deployment(screen: Screen, deployment: Deployment, runs: list[Run]) -> None:
    screen.answer({"deployment": deployment.to_wire(), "runs": [run.to_wire() for run in runs]})
    screen.line(f"{deployment.name} ({deployment.id}) is {deployment.status}: version {deployment.version}")
    screen.line(f"next run: {cell_text(deployment.next_run)}")
    rows = [(r.run_id, r.status, r.trigger, cell_text(r.started_at), r.duration_ms) for r in runs[:_SHOWN_RUNS]]
    screen.table(("run", "status", "trigger", "started", "ms"), rows)


def _trigger_count(deployment: Deployment) -> int:
    return deployment.triggers if isinstance(deployment.triggers, int) else len(deployment.triggers)


def _latest_run(client: Client, target: str) -> str:
    deployment = get_deployment(client, target)
    runs = client.runs(deployment.id)
    if not runs:
        raise AgentFixableError(
            f"{deployment.name} has not run yet; start it with `wren run {deployment.name} --wait`", code="NO_RUNS"
        )
    return runs[0].run_id


def _write(text: str) -> None:
    """Write a script's own output as it is, except for what could drive the terminal."""
    if text:
        sys.stdout.write(printable(text) + ("" if text.endswith("\n") else "\n"))
        sys.stdout.flush()
