"""`wren deploy` and `wren undeploy`."""

from pathlib import Path

from wren.checks.finding import ScriptReport
from wren.checks.source import ScriptInvalid
from wren.cli.commands.script_check import (
    check,
    list_remote_findings,
    make_invalid_error,
    read_script_text,
    show_findings,
)
from wren.cli.names import quote_name
from wren.cli.screen import Screen, format_cell
from wren.cli.server import get_deployment, open_client
from wren_core.errors import WrenError


def deploy_script(
    script: Path, *, name: str | None, import_seconds: float, as_json: bool, take_over: bool = False
) -> None:
    """Check a script and store it on the server."""
    screen = Screen(as_json=as_json)
    text = read_script_text(script)
    report = check(script, import_seconds)
    show_findings(screen, report.findings)
    if not report.is_ok:
        raise make_invalid_error(script, report) if as_json else _make_refusal(script, report)
    name = script.stem if name is None else name
    with open_client() as client:
        try:
            deployed = client.deploy(text, name=name, metadata=report.metadata, take_over=take_over)
        except WrenError as exc:
            show_findings(screen, list_remote_findings(exc.details.get("findings", ()), report.findings))
            raise
    show_findings(screen, list_remote_findings(deployed.findings, report.findings))
    screen.answer(deployed.to_wire())
    called = deployed.name or name
    screen.line(f"{called} is {deployed.status}: version {deployed.version}", style="green")
    next_run = format_cell(deployed.next_run) if deployed.next_run else None
    screen.facts({"id": deployed.deployment_id, "triggers": deployed.triggers_registered, "next run": next_run})
    screen.line(f"show it with `wren status {quote_name(called)}`, run it with `wren run {quote_name(called)} --wait`")


def undeploy_target(target: str, *, as_json: bool) -> None:
    """Remove a deployment."""
    screen = Screen(as_json=as_json)
    with open_client() as client:
        deployment = get_deployment(client, target)
        answer = client.undeploy(deployment.id)
    screen.answer(answer.to_wire())
    screen.line(f"{deployment.name} ({answer.id}) is {answer.status}", style="green")


def _make_refusal(script: Path, report: ScriptReport) -> ScriptInvalid:
    """Return the error for a person who has read the findings."""
    count = len(report.errors)
    return ScriptInvalid(f"nothing was deployed: {script} has {count} error{'' if count == 1 else 's'}")
