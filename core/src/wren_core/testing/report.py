"""All rules over one subject, and the tier that comes of it.

A tier is reached when every rule of it, and of the tiers below, passed, has nothing to look at, or is exempt. An
exemption is for silver and gold: bronze has none, being what every host may take for granted, and platinum says that
there is none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from wren_core.errors import AgentFixableError
from wren_core.testing.project import Project
from wren_core.testing.rules.registry import RULES, RuleUnknown, get_rule
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.subject import Subject

Outcome = Literal["passed", "failed", "exempt", "not_applicable"]

MIN_REASON = 20
"""Letters a reason needs at least: `flaky` and `todo` are none."""


class ExemptionInvalid(AgentFixableError):
    """An exemption in pyproject.toml names no rule that can be exempt, or gives no reason."""

    code = "EXEMPTION_INVALID"


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """What one rule said."""

    rule: Rule
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    """Why it is exempt, or has nothing to look at."""

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that fail it."""
        return tuple(finding for finding in self.findings if finding.weight == "fault")

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "id": self.rule.id,
            "tier": self.rule.tier.label,
            "title": self.rule.title,
            "outcome": self.outcome,
            "reason": self.reason,
            "fix": self.rule.fix if self.outcome == "failed" else "",
            "findings": [
                {"place": item.place, "message": item.message, "weight": item.weight} for item in self.findings
            ],
        }


@dataclass(frozen=True, kw_only=True)
class Report:
    """What all rules said about one integration."""

    integration: str
    distribution: str
    version: str
    results: tuple[RuleResult, ...]
    class_name: str = ""

    @property
    def tier(self) -> Tier | None:
        """The tier it reached; None below bronze."""
        failed = min((result.rule.tier for result in self.results if result.outcome == "failed"), default=None)
        reached = Tier.PLATINUM if failed is None else failed - 1
        return Tier(reached) if reached else None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "integration": self.integration,
            "distribution": self.distribution,
            "version": self.version,
            "class": self.class_name,
            "tier": self.tier.label if self.tier else None,
            "rules": [result.to_json() for result in self.results],
        }


def check(subject: Subject, *, rules: Iterable[Rule] = RULES) -> Report:
    """Let every rule look at a subject.

    Raises:
        ExemptionInvalid: the project exempts what cannot be exempt, or says too little about why.
    """
    exempt = read_exemptions(subject.project.exemptions)
    known = replace(subject, exempt=exempt) if exempt else subject
    integration = subject.integration
    return Report(
        integration=integration.spec.name,
        distribution=subject.project.name,
        version=subject.project.version,
        results=tuple(_result(rule, known, exempt.get(rule.id)) for rule in rules),
        class_name=f"{integration.__module__}:{integration.__qualname__}",
    )


def unloadable(name: str, project: Project, findings: Iterable[Finding]) -> Report:
    """Return the report about an integration that does not load: the first rule failed, and no other could look."""
    first, *others = RULES
    skipped = (RuleResult(rule=rule, outcome="not_applicable", reason="it does not load") for rule in others)
    failed = RuleResult(rule=first, outcome="failed", findings=tuple(findings))
    return Report(integration=name, distribution=project.name, version=project.version, results=(failed, *skipped))


def read_exemptions(written: Mapping[str, Any]) -> dict[str, str]:
    """Return rule id -> reason of `[tool.wren.check] exempt`.

    Raises:
        ExemptionInvalid: names the entry and what is wrong with it.
    """
    found: dict[str, str] = {}
    for key, reason in written.items():
        try:
            rule = get_rule(key)
        except RuleUnknown as exc:
            raise ExemptionInvalid(f"[tool.wren.check] exempt: {exc.message}", details=exc.details) from exc
        if rule.tier in (Tier.BRONZE, Tier.PLATINUM):
            raise ExemptionInvalid(f"[tool.wren.check] exempt: {rule.id} is {rule.tier.label}, which has no exemptions")
        if not isinstance(reason, str) or sum(map(str.isalpha, reason)) < MIN_REASON:
            message = f"[tool.wren.check] exempt: {rule.id} needs a reason of at least {MIN_REASON} letters"
            raise ExemptionInvalid(message, details={"rule": rule.id, "reason": reason})
        found[rule.id] = " ".join(reason.split())
    return found


def _result(rule: Rule, subject: Subject, exemption: str | None) -> RuleResult:
    subject.progress(rule.id)
    try:
        findings = tuple(rule.check(subject))
    except NotApplicable as exc:
        return RuleResult(rule=rule, outcome="not_applicable", reason=str(exc), findings=_idle(exemption))
    except Exception as exc:  # noqa: BLE001 - the boundary: what a plugin breaks in a rule is a finding about the plugin
        findings = (Finding(place=subject.name, message=f"the rule could not look: {type(exc).__name__}: {exc}"),)
    has_failed = any(finding.weight == "fault" for finding in findings)
    if exemption is None:
        return RuleResult(rule=rule, outcome="failed" if has_failed else "passed", findings=findings)
    if not has_failed:
        return RuleResult(rule=rule, outcome="passed", findings=(*findings, *_idle(exemption)))
    return RuleResult(rule=rule, outcome="exempt", findings=findings, reason=exemption)


def _idle(exemption: str | None) -> tuple[Finding, ...]:
    """Say that an exemption has nothing left to excuse."""
    if exemption is None:
        return ()
    message = f"its exemption is not needed any more; take it out ({exemption})"
    return (Finding(place="pyproject.toml", message=message, weight="note"),)
