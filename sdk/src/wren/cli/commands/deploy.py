"""`wren deploy` and `wren undeploy`."""

from pathlib import Path

from wren.checks.finding import Finding, Report
from wren.checks.source import ScriptInvalid, decode, read_script
from wren.cli.commands.script_check import check, show_findings
from wren.cli.names import quoted
from wren.cli.screen import Screen, cell_text
from wren.cli.server import get_deployment, open_client


def deploy_script(script: Path, *, name: str | None, import_seconds: float, as_json: bool) -> None:
    """Check a script and store it on the server."""
    screen = Screen(as_json=as_json)
    text = script_text(script)
    report = check(script, import_seconds)
    show_findings(screen, report.findings)
    if not report.is_ok:
        raise invalid(script, report) if as_json else _refused(script, report)
    name = script.stem if name is None else name
    with open_client() as client:
        deployed = client.deploy(text, name=name, metadata=report.metadata)
    screen.answer(deployed.to_wire())
    called = deployed.name or name
    screen.line(f"{called} is {deployed.status}: version {deployed.version}", style="green")
    next_run = cell_text(deployed.next_run) if deployed.next_run else None
    screen.facts({"id": deployed.deployment_id, "triggers": deployed.triggers_registered, "next run": next_run})
    screen.line(f"see it with `wren status {quoted(called)}`, run it with `wren run {quoted(called)} --wait`")


def undeploy_target(target: str, *, as_json: bool) -> None:
    """Take a deployment away."""
    screen = Screen(as_json=as_json)
    with open_client() as client:
        deployment = get_deployment(client, target)
        answer = client.undeploy(deployment.id)
    screen.answer(answer.to_wire())
    screen.line(f"{deployment.name} ({answer.id}) is {answer.status}", style="green")


def script_text(script: Path) -> str:
    """Return the source of a script as it is sent and run.

    Raises:
        ScriptUnreadable: there is no such file, or it cannot be read.
        ScriptInvalid: it is no text, or too large.
    """
    text = decode(read_script(script), str(script))
    if isinstance(text, Finding):
        raise invalid(script, Report(file=str(script), findings=(text,)))
    return text


def invalid(script: Path, report: Report) -> ScriptInvalid:
    """Return the error for a script with findings; its details hold all of them."""
    first, count = report.errors[0], len(report.errors)
    more = f"; `wren test {quoted(str(script))}` shows {count - 1} more" if count > 1 else ""
    return ScriptInvalid(
        f"{first.place}: {first.code}: {first.message}{more}", details={"findings": report.to_json()["findings"]}
    )


def _refused(script: Path, report: Report) -> ScriptInvalid:
    """Return the error for a person who has read the findings."""
    count = len(report.errors)
    return ScriptInvalid(f"nothing was deployed: {script} has {count} error{'' if count == 1 else 's'}")
