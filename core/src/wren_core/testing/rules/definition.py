"""W105: the definition in JSON holds the complete spec."""

import json
from collections.abc import Iterator

from wren_core.contract.definition import IntegrationDefinition
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    spec = target.spec
    wire = json.loads(json.dumps(IntegrationDefinition.from_spec(spec).to_wire()))
    if IntegrationDefinition.model_validate(wire).to_spec() != spec:
        message = "the definition differs from the spec; does the spec hold a value that JSON does not have?"
        yield Finding(place=spec.name, message=message)


RULE = Rule(
    id="W105-definition",
    tier=Tier.BRONZE,
    title="The definition in JSON holds the complete spec",
    why="Servers store and send the definition; a program without the plugin knows nothing else about it.",
    fix="Use values JSON has: lists for tuples inside schemas, text for dates, no NaN.",
    check=_check,
)
