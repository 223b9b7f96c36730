"""W104: the integration and its methods have a description."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    spec = target.spec
    if not spec.description:
        yield Finding(place=spec.name, message=f"{target.integration.__name__} has no docstring")
    for method in spec.methods:
        if not method.description.partition("\n")[0].endswith("."):
            message = "the first line of the docstring must be a sentence that ends with a full stop"
            yield Finding(place=f"{spec.name}.{method.id}", message=message)


RULE = Rule(
    id="W104-description",
    tier=Tier.BRONZE,
    title="The class and every method have a one-sentence description",
    why="A model chooses a method by the first line, and people see it in every list.",
    fix="Write a docstring whose first line is one sentence, such as: Post a message to a channel.",
    check=_check,
)
