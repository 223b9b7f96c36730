"""W201: every method has an example, which is a valid call."""

from collections.abc import Iterator

from wren_core.contract.integration import Integration
from wren_core.contract.spec import MethodSpec
from wren_core.errors import InvalidInput
from wren_core.testing.examples import find_call
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    for method in target.spec.methods:
        problem = _problem(target.integration, method)
        if problem:
            yield Finding(place=f"{target.name}.{method.id}", message=problem)


def _problem(integration: type[Integration], method: MethodSpec) -> str | None:
    if not method.example:
        return "it has no example"
    try:
        call = find_call(integration, method)
    except SyntaxError as exc:
        return f"the example {method.example!r} is not Python: {exc.msg}"
    if call is None:
        return f"the example {method.example!r} does not call {integration.spec.name}.{method.id}"
    keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
    try:
        integration.methods()[method.id].bind(tuple(call.args), keywords)
    except InvalidInput as error:
        return f"the example {method.example!r}: {error.message}"
    return None


RULE = Rule(
    id="W201-examples",
    tier=Tier.SILVER,
    title="Every method has an example that is a valid call",
    why="A model starts from the example, and the other rules call it.",
    fix='@method(example=\'chat.post("Done", channel="general")\'): one call of the method, as it stands in a script.',
    check=_check,
)
