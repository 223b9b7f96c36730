"""`wren plugin check`: its output."""

from collections.abc import Iterable, Mapping
from typing import Any

import typer

from wren.authoring.quality import PluginQuality, check_plugin
from wren.cli import exit_codes
from wren.cli.screen import Screen
from wren_core.testing.rules.registry import get_rule
from wren_core.testing.rules.rule import Tier

_WORDS = {"passed": "passed", "failed": "FAILED", "unproved": "UNPROVED", "exempt": "exempt", "not_applicable": "-"}


def report_plugin(target: str, *, tier: str, as_json: bool) -> None:
    """Check a plugin, show the outcome of every rule, and fail below the wanted tier."""
    screen = Screen(as_json=as_json)
    checked = check_plugin(target, wanted=Tier[tier.upper()])
    reached = checked.tier.label if checked.tier else None
    screen.answer(
        {"ok": checked.is_ok, "tier": reached, "wanted": checked.wanted.label, "integrations": list(checked.reports)}
    )
    for report in checked.reports:
        _show_report(screen, report)
    _show_verdict(screen, checked)
    if not checked.is_ok:
        raise typer.Exit(exit_codes.FAILED)


def explain_rule(rule_id: str, *, as_json: bool) -> None:
    """Show what a rule requires, why, and how to satisfy it."""
    screen = Screen(as_json=as_json)
    rule = get_rule(rule_id)
    screen.answer({"id": rule.id, "tier": rule.tier.label, "title": rule.title, "why": rule.why, "fix": rule.fix})
    screen.line(f"{rule.id} ({rule.tier.label}): {rule.title}", style="bold")
    screen.line()
    screen.line(f"Why: {rule.why}")
    screen.line(f"Fix: {rule.fix}")


def _show_report(screen: Screen, report: Mapping[str, Any]) -> None:
    title = f"{report['integration']} ({report['distribution']} {report['version']})"
    screen.line(title, style="bold")
    rows = [(rule["tier"], rule["id"], _WORDS[rule["outcome"]], rule["title"]) for rule in report["rules"]]
    screen.table(("tier", "rule", "outcome", "requirement"), rows)
    screen.line()
    for rule in report["rules"]:
        _show_findings(screen, rule)


def _show_findings(screen: Screen, rule: Mapping[str, Any]) -> None:
    if rule["outcome"] == "failed":
        screen.line(f"{rule['id']}: {rule['title']}", style="red")
    elif rule["outcome"] == "unproved":
        screen.line(f"{rule['id']} is unproved, and counts for no tier: {rule['title']}", style="red")
    elif rule["outcome"] == "exempt":
        screen.line(f"{rule['id']} is exempt: {rule['reason']}", style="yellow")
    elif rule["findings"]:
        screen.line(f"{rule['id']}: {rule['title']}")
    for finding in rule["findings"]:
        weight = "" if finding["weight"] == "fault" else f"{finding['weight']}: "
        screen.line(f"    {weight}{finding['place']}: {finding['message']}")
    if rule["outcome"] in ("failed", "unproved"):
        screen.line(f"    fix: {rule['fix']}", style="dim")


def _show_verdict(screen: Screen, checked: PluginQuality) -> None:
    exempt = _count(checked.reports, "exempt")
    reached = checked.tier.label if checked.tier else "below bronze"
    with_exemptions = f", with {exempt} exempt" if exempt else ""
    style = "green" if checked.is_ok else "red"
    wanted = "" if checked.is_ok else f"; {checked.wanted.label} was wanted"
    screen.line(f"{reached}{with_exemptions}{wanted}", style=style)


def _count(reports: Iterable[Mapping[str, Any]], outcome: str) -> int:
    return sum(rule["outcome"] == outcome for report in reports for rule in report["rules"])
