"""W309: every input and output has a description."""

from collections.abc import Iterator
from typing import Any

from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    spec = target.spec
    yield from _find_undescribed(f"{spec.name}.init", spec.config_schema)
    for method in spec.methods:
        yield from _find_undescribed(f"{spec.name}.{method.id}", method.input_schema)
        yield from _find_undescribed(f"{spec.name}.{method.id} returns", method.output_schema)
    for credential in spec.credentials:
        if not credential.description:
            yield Finding(
                place=f"{spec.name}.{credential.key}", message="it has no description; say where a person gets it"
            )


def _find_undescribed(place: str, schema: dict[str, Any]) -> Iterator[Finding]:
    for node in (schema, *schema.get("$defs", {}).values()):
        for name, item in node.get("properties", {}).items():
            if not item.get("description"):
                yield Finding(place=place, message=f"{name!r} has no description; write Annotated[..., 'what it is']")


RULE = Rule(
    id="W309-parameters",
    tier=Tier.GOLD,
    title="Every parameter, setting, attribute and credential has a description",
    why="A model has no other source; it guesses what has no description.",
    fix='Annotated[str, "Message text"] on parameters and on fields of Config and Record; description= on credentials.',
    check=_check,
)
