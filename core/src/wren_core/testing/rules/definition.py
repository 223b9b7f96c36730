"""W105: the definition on the wire says all of the spec."""

import json
from collections.abc import Iterator

from wren_core.contract.definition import IntegrationDefinition
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    spec = subject.spec
    wire = json.loads(json.dumps(IntegrationDefinition.from_spec(spec).to_wire()))
    if IntegrationDefinition.model_validate(wire).to_spec() != spec:
        message = "the definition is not the spec: is there a value in it that JSON cannot say?"
        yield Finding(place=spec.name, message=message)


RULE = Rule(
    id="W105-definition",
    tier=Tier.BRONZE,
    title="The definition in JSON loses nothing of the spec",
    why="Servers store and send the definition; what it loses is unknown to whoever has not installed the plugin.",
    fix="Use values JSON has: lists for tuples inside schemas, text for dates, no NaN.",
    check=_check,
)
