"""`wren test` and `wren validate`."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import typer

from wren.api.records import ApiValidation
from wren.checks.finding import ScriptReport
from wren.checks.source import ScriptInvalid, decode_script, read_script
from wren.cli import exit_codes
from wren.cli.exit_codes import exit_code_of
from wren.cli.names import format_trigger, quote_name
from wren.cli.screen import Screen, redirect_plugin_output
from wren.cli.server import open_client
from wren.runner.script_report import check_script
from wren.script.catalogue import installed
from wren_core.errors import AgentFixableError, WrenError, error_from_wire
from wren_core.protocol.findings import ScriptFinding
from wren_core.terminal import is_web_link

_STYLES = {"error": "red", "warning": "yellow", "note": "dim"}


def report_script(script: Path, *, import_seconds: float, as_json: bool) -> None:
    """Check a script without running its functions, and show the findings."""
    screen = Screen(as_json=as_json)
    report = check(script, import_seconds)
    screen.answer(report.to_json())
    show_findings(screen, report.findings)
    _show_verdict(screen, report)
    if not report.is_ok:
        raise typer.Exit(exit_codes.FAILED)


def validate_script(script: Path, *, remote: bool, import_seconds: float, as_json: bool) -> None:
    """Check a script, the integrations it uses and, where asked, their connections on the server."""
    screen = Screen(as_json=as_json)
    report = check(script, import_seconds)
    used = [_find_readiness(name) for name in (report.metadata or {}).get("integrations", []) if name in installed()]
    verdict = _ask_server(script) if remote and report.is_ok else None
    answer = {**report.to_json(), "integrations": used, "remote": verdict.to_wire() if verdict else None}
    answer["ok"] = report.is_ok and (verdict is None or verdict.valid)
    screen.answer(answer)
    show_findings(screen, report.findings)
    screen.table(("integration", "version", "connect", "variables set here"), [_make_row(item) for item in used])
    _show_verdict(screen, report)
    if verdict is not None:
        show_findings(screen, list_remote_findings(verdict.findings, report.findings))
        _show_remote(screen, verdict)
    if not report.is_ok:
        raise typer.Exit(exit_codes.FAILED)
    if verdict is not None and not verdict.valid:
        raise typer.Exit(max(exit_code_of(error) for error in _list_errors(verdict)))


def check(script: Path, import_seconds: float) -> ScriptReport:
    """Check a script against what is installed here."""
    with redirect_plugin_output():
        return check_script(script, time_limit=timedelta(seconds=import_seconds))


def read_script_text(script: Path) -> str:
    """Return the source of a script as it is sent and run.

    Raises:
        ScriptUnreadable: the file does not exist, or cannot be read.
        ScriptInvalid: it is not text, or too large.
    """
    text = decode_script(read_script(script), str(script))
    if isinstance(text, ScriptFinding):
        raise make_invalid_error(script, ScriptReport(file=str(script), findings=(text,)))
    return text


def make_invalid_error(script: Path, report: ScriptReport) -> ScriptInvalid:
    """Return the error for a script with findings; its details hold all of them."""
    first, count = report.errors[0], len(report.errors)
    more = f"; `wren test {quote_name(str(script))}` shows {count - 1} more" if count > 1 else ""
    return ScriptInvalid(
        f"{first.place}: {first.code}: {first.message}{more}", details={"findings": report.to_json()["findings"]}
    )


def show_findings(screen: Screen, findings: Iterable[ScriptFinding]) -> None:
    """Print findings for people: place, severity, code, message, next step."""
    for finding in findings:
        style = _STYLES[finding.severity]
        screen.line(f"{finding.place}: {finding.severity} {finding.code}: {finding.message}", style=style)
        if finding.hint:
            screen.line(f"    {finding.hint}")


def _show_verdict(screen: Screen, report: ScriptReport) -> None:
    warnings = sum(finding.severity == "warning" for finding in report.findings)
    if not report.is_ok:
        screen.line(
            f"{_format_count(len(report.errors), 'error')}, {_format_count(warnings, 'warning')} in {report.file}"
        )
        return
    metadata = report.metadata or {}
    triggers = [
        f"{item['func']} ({format_trigger(item['type'], item['config'])})" for item in metadata.get("triggers", [])
    ]
    screen.line(f"{report.file} is fine", style="green")
    screen.line(f"  triggers: {', '.join(triggers) or 'none'}")
    used = [*metadata.get("integrations", []), *(["the connected ai integration"] if metadata.get("uses_ai") else [])]
    screen.line(f"  integrations: {', '.join(used) or 'none'}")


def _format_count(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _find_readiness(name: str) -> dict[str, Any]:
    """Return version, way to connect and variables of an integration on this machine."""
    with redirect_plugin_output():
        spec = installed().spec(name)
    variables = {item.env_var: bool(os.environ.get(item.env_var)) for item in spec.credentials}
    return {"name": name, "version": spec.version, "auth_type": spec.auth_type, "variables": variables}


def _make_row(item: Mapping[str, Any]) -> tuple[str, ...]:
    variables = ", ".join(f"{name} {'yes' if is_set else 'no'}" for name, is_set in item["variables"].items())
    return item["name"], item["version"], item["auth_type"], variables


def _ask_server(script: Path) -> ApiValidation:
    with open_client() as client:
        return client.validate_script(read_script_text(script), name=script.stem)


def list_remote_findings(found: Iterable[Mapping[str, Any]], known: Iterable[ScriptFinding]) -> list[ScriptFinding]:
    """Return the findings of a server that this machine did not have; the server knows the connections."""
    shown = {(item.code, item.line, item.column) for item in known}
    return [item for item in map(_read_finding, found) if (item.code, item.line, item.column) not in shown]


def _read_finding(found: Mapping[str, Any]) -> ScriptFinding:
    names = {item.name for item in fields(ScriptFinding)}
    return ScriptFinding(**{name: value for name, value in found.items() if name in names})


def _list_errors(verdict: ApiValidation) -> list[WrenError]:
    unfit = [
        AgentFixableError(item.message)
        for item in list_remote_findings(verdict.findings, ())
        if item.severity == "error"
    ]
    return [*map(error_from_wire, verdict.errors), *unfit] or [WrenError("the server gave no reason")]


def _show_remote(screen: Screen, verdict: ApiValidation) -> None:
    for item in verdict.errors:
        error = error_from_wire(item)
        screen.line(f"{item.get('integration', 'server')}: {error.code}: {error.message}", style="red")
        if error.action_url and is_web_link(error.action_url):
            screen.line(f"    open: {error.action_url}")
    for warning in verdict.warnings:
        text = warning.get("message", warning) if isinstance(warning, dict) else warning
        screen.line(f"warning: {text}", style="yellow")
    if verdict.valid:
        screen.line("the server has every connection this script needs", style="green")
    else:
        names = dict.fromkeys(str(item.get("integration", "server")) for item in verdict.errors)
        names |= dict.fromkeys(
            ["the script"] if any(item.get("severity") == "error" for item in verdict.findings) else []
        )
        screen.line(f"not ready on the server: {', '.join(names) or 'unknown'}", style="red")
