"""W403: what cannot be taken back can be tried or is asked about first."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    destructive = [method for method in subject.spec.methods if method.effect == "destructive"]
    if not destructive:
        raise NotApplicable("no method is destructive")
    for method in destructive:
        place = f"{subject.name}.{method.id}"
        if method.undo is None and method.simulate == "none":
            message = "it can neither be taken back nor tried: declare an undo, or simulate"
            yield Finding(place=place, message=message)
        if not method.requires_approval:
            yield Finding(place=place, message="it asks nobody: leave requires_approval as it is")


RULE = Rule(
    id="W403-safety",
    tier=Tier.PLATINUM,
    title="Destructive methods can be undone or simulated, and ask a person first",
    why="It is what lets somebody hand the integration to a model and sleep.",
    fix='undo=UndoSpec(...), simulate="native" where the provider has a dry run, or simulate="validate_only".',
    check=_check,
)
