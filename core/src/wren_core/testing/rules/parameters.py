"""W309: everything that goes in or comes out is described."""

from collections.abc import Iterator
from typing import Any

from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    spec = subject.spec
    yield from _undescribed(f"{spec.name}.init", spec.config_schema)
    for method in spec.methods:
        yield from _undescribed(f"{spec.name}.{method.id}", method.input_schema)
        yield from _undescribed(f"{spec.name}.{method.id} returns", method.output_schema)
    for credential in spec.credentials:
        if not credential.description:
            yield Finding(place=f"{spec.name}.{credential.key}", message="nothing says where a person gets it")


def _undescribed(place: str, schema: dict[str, Any]) -> Iterator[Finding]:
    for node in (schema, *schema.get("$defs", {}).values()):
        for name, item in node.get("properties", {}).items():
            if not item.get("description"):
                yield Finding(place=place, message=f"nothing describes {name!r}; write Annotated[..., 'what it is']")


RULE = Rule(
    id="W309-parameters",
    tier=Tier.GOLD,
    title="Every parameter, setting, attribute and credential is described",
    why="A model has no other page to look it up on; what is not described is guessed.",
    fix='Annotated[str, "Message text"] on parameters and on fields of Config and Record; description= on credentials.',
    check=_check,
)
