"""W403: destructive methods can be undone or simulated, and need approval."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    destructive = [method for method in target.spec.methods if method.effect == "destructive"]
    if not destructive:
        raise NotApplicable("no method is destructive")
    for method in destructive:
        place = f"{target.name}.{method.id}"
        if method.undo is None and method.simulate == "none":
            message = "it can neither be undone nor simulated; declare `undo` or `simulate`"
            yield Finding(place=place, message=message)
        if not method.requires_approval:
            yield Finding(place=place, message="it needs no approval; do not set requires_approval to False")


RULE = Rule(
    id="W403-safety",
    tier=Tier.PLATINUM,
    title="Destructive methods can be undone or simulated, and need a person's approval",
    why="Then it is safe to give the integration to a model that runs unattended.",
    fix='undo=UndoSpec(...), simulate="native" where the provider has a dry run, or simulate="validate_only".',
    check=_check,
)
