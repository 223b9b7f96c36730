"""`wren status`."""

from datetime import UTC, datetime

from wren.api.records import ApiConnection, ApiDeployment, ApiRun
from wren.cli.names import format_trigger, quote_name
from wren.cli.run_report import format_failure, show_run
from wren.cli.screen import Screen, format_cell
from wren.cli.server import get_deployment, is_run_id, open_client

_SHOWN_RUNS = 10


def show_status(target: str | None, *, as_json: bool) -> None:
    """Show all deployments, one deployment with its runs, or one run."""
    screen = Screen(as_json=as_json)
    with open_client() as client:
        if target is None:
            troubled = [item for item in client.connections() if _needs_attention(item)]
            _show_deployments(screen, client.deployments(), troubled)
        elif is_run_id(target):
            found = client.run(target)
            screen.answer({"run": found.to_wire()})
            show_run(screen, found)
        else:
            deployment = get_deployment(client, target)
            _show_deployment(screen, client.deployment(deployment.id), client.runs(deployment.id))


def _needs_attention(connection: ApiConnection) -> bool:
    """Tell whether runs cannot use a connection that once worked, or soon cannot."""
    return connection.status == "needs_reauth" or (connection.status == "active" and bool(connection.error))


def _describe_trouble(connection: ApiConnection) -> str:
    error = connection.error
    reason = error.get("message") if isinstance(error, dict) else error
    name, alias = connection.integration, connection.alias
    cure = f"; run `wren connect {name} --alias {alias}`" if connection.status == "needs_reauth" else ""
    return f"{name} ({alias}) is {connection.status}: {reason or 'no reason given'}{cure}"


def _show_deployments(screen: Screen, deployments: list[ApiDeployment], troubled: list[ApiConnection]) -> None:
    answer = {"deployments": [item.to_wire() for item in deployments]}
    screen.answer({**answer, "connections": [item.to_wire() for item in troubled]} if troubled else answer)
    for item in troubled:
        screen.line(_describe_trouble(item), style="yellow")
    if not deployments:
        screen.line("nothing is deployed yet; run `wren deploy SCRIPT`")
        return
    screen.table(
        ("name", "owner", "status", "version", "triggers", "last run (UTC)", "", "next run (UTC)"),
        [
            (
                d.name,
                d.owner,
                d.status,
                d.version,
                d.triggers,
                _format_minute(d.last_run),
                d.last_status or "",
                _format_minute(d.next_run),
            )
            for d in deployments
        ],
    )


def _show_deployment(screen: Screen, deployment: ApiDeployment, runs: list[ApiRun]) -> None:
    screen.answer({"deployment": deployment.to_wire(), "runs": [run.to_wire() for run in runs]})
    screen.line(f"{deployment.name} is {deployment.status}: version {deployment.version} ({deployment.id})")
    screen.line(f"deployed by {deployment.owner}, whose accounts its runs use")
    screen.line(f"next run: {format_cell(deployment.next_run)}")
    screen.table(
        ("starts", "when", "next", "last", "missed"),
        [
            (
                t.func,
                format_trigger(t.type, t.config),
                format_cell(t.next_fire_at),
                format_cell(t.last_fire_at),
                t.missed,
            )
            for t in deployment.trigger_list
        ],
    )
    for trigger in deployment.trigger_list:
        for text, style in format_failure(trigger.error):
            screen.line(f"{trigger.func} no longer starts: {text}", style=style)
    rows = [(r.run_id, r.status, r.trigger, format_cell(r.started_at), r.duration_ms) for r in runs[:_SHOWN_RUNS]]
    screen.table(("run", "status", "trigger", "started", "ms"), rows)
    if not runs:
        screen.line(f"it has not run yet; start it with `wren run {quote_name(deployment.name)} --wait`")


def _format_minute(moment: datetime | None) -> str:
    return "-" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
