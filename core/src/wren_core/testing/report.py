"""Apply all rules to one integration, and compute its tier.

A tier is reached when every rule of it, and of the tiers below, passed, has nothing to check, or is exempt. A rule that
could not be tested is unproved, and counts for no tier. Silver and gold allow exemptions. Bronze does not, as every
host relies on it; platinum means that there are none.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from wren_core.errors import AgentFixableError
from wren_core.testing.project import Project
from wren_core.testing.rules.registry import RULES, RuleUnknown, get_rule
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier, Unproved
from wren_core.testing.target import CheckTarget

Outcome = Literal["passed", "failed", "unproved", "exempt", "not_applicable"]

_MISSED: frozenset[Outcome] = frozenset({"failed", "unproved"})
MIN_REASON = 20
"""The least number of letters in a reason: `flaky` and `todo` are too short."""


class ExemptionInvalid(AgentFixableError):
    """An exemption in pyproject.toml names a rule that cannot be exempt, or has no reason."""

    code = "EXEMPTION_INVALID"


@dataclass(frozen=True, kw_only=True)
class RuleResult:
    """The result of one rule."""

    rule: Rule
    outcome: Outcome
    findings: tuple[Finding, ...] = ()
    reason: str = ""
    """Why it is exempt, unproved, or has nothing to check."""

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings that fail the rule."""
        return tuple(finding for finding in self.findings if finding.weight == "fault")

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return {
            "id": self.rule.id,
            "tier": self.rule.tier.label,
            "title": self.rule.title,
            "outcome": self.outcome,
            "reason": self.reason,
            "fix": self.rule.fix if self.outcome in _MISSED else "",
            "findings": [
                {"place": item.place, "message": item.message, "weight": item.weight} for item in self.findings
            ],
        }


@dataclass(frozen=True, kw_only=True)
class QualityReport:
    """The results of all rules for one integration."""

    integration: str
    distribution: str
    version: str
    results: tuple[RuleResult, ...]
    class_name: str = ""

    @property
    def tier(self) -> Tier | None:
        """The tier that it reached; None below bronze."""
        missed = min((result.rule.tier for result in self.results if result.outcome in _MISSED), default=None)
        reached = Tier.PLATINUM if missed is None else missed - 1
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


def check_rules(target: CheckTarget, *, rules: Iterable[Rule] = RULES) -> QualityReport:
    """Apply every rule to an integration.

    Raises:
        ExemptionInvalid: the project exempts a rule that cannot be exempt, or gives too short a reason.
    """
    exempt = read_exemptions(target.project.exemptions)
    known = replace(target, exempt=exempt) if exempt else target
    integration = target.integration
    return QualityReport(
        integration=integration.spec.name,
        distribution=target.project.name,
        version=target.project.version,
        results=tuple(_apply_rule(rule, known, exempt.get(rule.id)) for rule in rules),
        class_name=f"{integration.__module__}:{integration.__qualname__}",
    )


def report_load_failure(name: str, project: Project, findings: Iterable[Finding]) -> QualityReport:
    """Return the report about an integration that does not load: the first rule failed, no other was checked."""
    first, *others = RULES
    skipped = (RuleResult(rule=rule, outcome="not_applicable", reason="it does not load") for rule in others)
    failed = RuleResult(rule=first, outcome="failed", findings=tuple(findings))
    return QualityReport(
        integration=name, distribution=project.name, version=project.version, results=(failed, *skipped)
    )


def read_exemptions(written: Mapping[str, Any]) -> dict[str, str]:
    """Return rule id -> reason of `[tool.wren.check] exempt`.

    Raises:
        ExemptionInvalid: the message names the entry and what is wrong with it.
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


def _apply_rule(rule: Rule, target: CheckTarget, exemption: str | None) -> RuleResult:
    target.progress(rule.id)
    try:
        findings = tuple(rule.check(target))
    except NotApplicable as exc:
        return RuleResult(rule=rule, outcome="not_applicable", reason=str(exc), findings=_unused_exemption(exemption))
    except Unproved as exc:
        findings = (Finding(place=target.name, message=str(exc), weight="unproved"),)
    except Exception as exc:  # noqa: BLE001 - the boundary: a plugin that breaks a rule's code is a finding
        findings = (Finding(place=target.name, message=f"the rule could not be checked: {type(exc).__name__}: {exc}"),)
    outcome = _outcome_of(findings)
    if exemption is None:
        reason = next((finding.message for finding in findings if outcome == finding.weight), "")
        return RuleResult(rule=rule, outcome=outcome, findings=findings, reason=reason)
    if outcome == "passed":
        return RuleResult(rule=rule, outcome="passed", findings=(*findings, *_unused_exemption(exemption)))
    return RuleResult(rule=rule, outcome="exempt", findings=findings, reason=exemption)


def _outcome_of(findings: Iterable[Finding]) -> Outcome:
    weights = {finding.weight for finding in findings}
    return "failed" if "fault" in weights else "unproved" if "unproved" in weights else "passed"


def _unused_exemption(exemption: str | None) -> tuple[Finding, ...]:
    """Return a note about an exemption that is no longer needed."""
    if exemption is None:
        return ()
    message = f"its exemption is no longer needed; remove it ({exemption})"
    return (Finding(place="pyproject.toml", message=message, weight="note"),)
