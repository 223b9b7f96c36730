"""W311: the declared effect of a method is that of the requests it sends."""

from collections.abc import Iterator

from wren_core.contract.spec import MethodSpec
from wren_core.testing.calls import MethodCalls
from wren_core.testing.request_effect import declared_by
from wren_core.testing.rules.call_findings import recording_problem, working_methods
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    yield from recording_problem(target)
    works = {method.method: method for method in working_methods(target, "no request could be compared")}
    for method in target.spec.methods:
        calls = target.calls.methods.get(method.id)
        if method.id in works:
            declared = target.integration.methods()[method.id].declares_effect
            yield from _compare(f"{target.name}.{method.id}", method, works[method.id], is_declared=declared)
        elif calls is not None and not calls.makes_no_request:
            message = "its example fails, so what it sends is not compared"
            yield Finding(place=f"{target.name}.{method.id}", message=message, weight="unproved")


def _compare(place: str, method: MethodSpec, calls: MethodCalls, *, is_declared: bool) -> Iterator[Finding]:
    requests = calls.plain.requests if calls.plain else ()
    sent = {kind: f"{item.method} {item.path}" for item in reversed(requests) if (kind := declared_by(item))}
    if method.effect != "read":
        if requests and set(sent) == {"read"}:
            message = f"its effect is {method.effect!r}, and it sends requests that only read, such as {sent['read']}"
            yield Finding(place=place, message=message, weight="note")
    elif "write" in sent:
        message = f'its effect is "read", and it sends {sent["write"]}; write @method(effect="write") or "destructive"'
        yield Finding(place=place, message=message)
    elif "unknown" in sent and not is_declared:
        message = (
            f"it declares no effect, and sends {sent['unknown']}; write @method(effect=...): "
            '"write" or "destructive", or "read" where the provider reads by POST'
        )
        yield Finding(place=place, message=message)


RULE = Rule(
    id="W311-effects",
    tier=Tier.GOLD,
    title="A method that sends a write declares it, and one that reads by POST says so",
    why="Hosts repeat reads, run them without asking, and show them to models as harmless. A write that counts as a "
    "read is done twice, and done without approval.",
    fix='@method(effect="write"), or "destructive" for what cannot be got back. Where a provider reads by POST, write '
    'effect="read": a GraphQL document shows by its operation what it does.',
    check=_check,
)
