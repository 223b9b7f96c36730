"""W402: the integration asks for no exemption."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for rule_id, reason in subject.exempt.items():
        yield Finding(place="pyproject.toml", message=f"{rule_id} is exempt: {reason}")


RULE = Rule(
    id="W402-exemptions",
    tier=Tier.PLATINUM,
    title="No rule is exempt",
    why="An exemption is an honest reason why something is not proved. The highest tier says that all of it is.",
    fix="Do what the rule asks, then take its line out of [tool.wren.check].",
    check=_check,
)
