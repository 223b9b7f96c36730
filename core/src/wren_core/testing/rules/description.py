"""W104: the integration and its methods say what they are."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    spec = subject.spec
    if not spec.description:
        yield Finding(place=spec.name, message=f"{subject.integration.__name__} has no docstring")
    for method in spec.methods:
        if not method.description.partition("\n")[0].endswith("."):
            message = "the first line of the docstring must be a sentence that ends in a full stop"
            yield Finding(place=f"{spec.name}.{method.id}", message=message)


RULE = Rule(
    id="W104-description",
    tier=Tier.BRONZE,
    title="The class and every method say in a sentence what they do",
    why="The first line is what a model chooses by and what a person sees in every list.",
    fix="Write a docstring whose first line is one sentence, such as: Post a message to a channel.",
    check=_check,
)
