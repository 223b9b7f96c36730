"""W307: what can be taken back is taken back."""

from collections.abc import Iterator

from wren_core.testing.rules.judging import unrehearsed
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    undoable = [method.id for method in subject.spec.methods if method.undo]
    if not undoable:
        raise NotApplicable("no method declares an undo")
    yield from unrehearsed(subject)
    for method_id in undoable:
        calls = subject.rehearsal.methods.get(method_id)
        if calls is None or calls.undo is None:
            message = "its undo is unproved: the example does not succeed"
            yield Finding(place=f"{subject.name}.{method_id}", message=message)
        elif calls.undo.error is not None:
            message = f"its undo, {calls.undo.method}, fails: {calls.undo.happened}"
            yield Finding(place=f"{subject.name}.{method_id}", message=message)


RULE = Rule(
    id="W307-undo",
    tier=Tier.GOLD,
    title="Every declared undo works on what the method returned",
    why="Undo is what a person is promised before they approve; the day it is needed is a bad day to try it first.",
    fix="UndoSpec(method=..., arguments={name: pointer}), with pointers into the input and the output as JSON has "
    "them: what the undo needs must be in the result.",
    check=_check,
)
