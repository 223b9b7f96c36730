"""W201: every method has an example, and it is a call that would be accepted."""

from collections.abc import Iterator

from wren_core.contract.integration import Integration
from wren_core.contract.spec import MethodSpec
from wren_core.errors import InvalidInput
from wren_core.testing.examples import find_call
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for method in subject.spec.methods:
        problem = _problem(subject.integration, method)
        if problem:
            yield Finding(place=f"{subject.name}.{method.id}", message=problem)


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
    title="Every method has an example that would be accepted",
    why="An example is what a model writes first, and what every other proof calls.",
    fix='@method(example=\'chat.post("Done", channel="general")\'): one call of the method, as a script writes it.',
    check=_check,
)
