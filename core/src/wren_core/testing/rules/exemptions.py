"""W402: the integration has no exemption."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    for rule_id, reason in target.exempt.items():
        yield Finding(place="pyproject.toml", message=f"{rule_id} is exempt: {reason}")


RULE = Rule(
    id="W402-exemptions",
    tier=Tier.PLATINUM,
    title="No rule is exempt",
    why="An exemption says honestly why something is not proved; in the highest tier everything is.",
    fix="Do what the rule asks, then remove its line from [tool.wren.check].",
    check=_check,
)
