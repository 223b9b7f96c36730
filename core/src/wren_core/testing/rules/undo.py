"""W307: every declared undo works."""

from collections.abc import Iterator

from wren_core.testing.rules.call_findings import recording_problem
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    undoable = [method.id for method in target.spec.methods if method.undo]
    if not undoable:
        raise NotApplicable("no method declares an undo")
    yield from recording_problem(target)
    for method_id in undoable:
        calls = target.calls.methods.get(method_id)
        if calls is None or calls.undo is None:
            message = "its undo is not tested, because the example fails"
            yield Finding(place=f"{target.name}.{method_id}", message=message)
        elif calls.undo.error is not None:
            message = f"its undo, {calls.undo.method}, fails: {calls.undo.outcome}"
            yield Finding(place=f"{target.name}.{method_id}", message=message)


RULE = Rule(
    id="W307-undo",
    tier=Tier.GOLD,
    title="Every declared undo works on the result of the method",
    why="A person approves a call because it can be undone; that is no promise to test on the day it is needed.",
    fix="UndoSpec(method=..., arguments={name: pointer}), with pointers into the input and the output in "
    "JSON: the result must hold what the undo needs.",
    check=_check,
)
