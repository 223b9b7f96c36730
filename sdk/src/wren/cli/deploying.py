"""`wren deploy` and `wren undeploy`."""

from pathlib import Path

from wren.checks.finding import Finding, Report
from wren.checks.source import ScriptInvalid, decode, read_script
from wren.cli.checking import check, show_findings
from wren.cli.screen import Screen, cell_text
from wren.cli.server import get_deployment, open_client


def deploy_script(script: Path, *, name: str | None, import_seconds: float, as_json: bool) -> None:
    """Check a script and store it on the server."""
    screen = Screen(as_json=as_json)
    text = script_text(script)
    report = check(script, import_seconds)
    show_findings(screen, report.findings)
    if not report.is_ok:
        raise invalid(script, report)
    with open_client() as client:
        deployed = client.deploy(text, name=name or script.stem, metadata=report.metadata)
    screen.answer(deployed.to_wire())
    called = deployed.name or name or script.stem
    screen.line(f"{called} is {deployed.status}: version {deployed.version}", style="green")
    screen.table(
        ("id", "triggers", "next run"),
        [(deployed.deployment_id, deployed.triggers_registered, cell_text(deployed.next_run))],
    )
    screen.line(f"see it with `wren status {called}`, run it with `wren run {called} --wait`")


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
    first = report.errors[0]
    more = f" (and {len(report.errors) - 1} more)" if len(report.errors) > 1 else ""
    return ScriptInvalid(
        f"{first.place}: {first.message}{more}; `wren test {script}` shows everything",
        details={"findings": report.to_json()["findings"]},
    )
