"""What the rules about behaviour share: the calls of the rehearsal, and what to say when there are none."""

from collections.abc import Callable, Iterator, Mapping

from wren_core.testing.calls import Call, MethodCalls
from wren_core.testing.rules.rule import Finding, NotApplicable
from wren_core.testing.subject import Subject

Judge = Callable[[Call], bool]
"""Tells whether what a call came to is right."""


def judged(subject: Subject, expected: Mapping[str, tuple[str, Judge]]) -> Iterator[Finding]:
    """Yield the calls that met a fault and came to something else than expected.

    Args:
        subject: what is checked.
        expected: by the name of the fault, what should come of it, in words and as a function.

    Raises:
        NotApplicable: no call could meet such a fault.
    """
    if subject.rehearsal.problem:
        yield from unrehearsed(subject)
        return
    faulted = {method.method: _met(method, expected) for method in subject.rehearsal.methods.values()}
    if not any(faulted.values()):
        raise NotApplicable(_why_nothing(subject))
    for name, calls in faulted.items():
        if calls and not any(call.is_heard for call in calls) and calls[0].error is not None:
            message = f"it contacted nobody, so that nothing is proved: {calls[0].happened}"
            yield Finding(place=f"{subject.name}.{name}", message=message)
        for call in calls:
            words, is_right = expected[call.fault]
            if call.is_heard and not is_right(call):
                message = f"after {call.fault} it should raise {words}; it came to {call.happened}"
                yield Finding(place=f"{subject.name}.{call.place}", message=message)


def unrehearsed(subject: Subject) -> Iterator[Finding]:
    """Yield why there was no rehearsal, where there was none."""
    if subject.rehearsal.problem:
        yield Finding(place=subject.name, message=f"it could not be tried: {subject.rehearsal.problem}")


def working(subject: Subject, what: str) -> list[MethodCalls]:
    """Return the methods whose example succeeded against the fake.

    Raises:
        NotApplicable: there are none.
    """
    found = [method for method in subject.rehearsal.methods.values() if method.works]
    if not found and not subject.rehearsal.problem:
        raise NotApplicable(f"{what}: {_why_nothing(subject)}")
    return found


def _met(method: MethodCalls, expected: Mapping[str, object]) -> list[Call]:
    return [call for call in method.faulted if call.fault in expected]


def _why_nothing(subject: Subject) -> str:
    methods = subject.rehearsal.methods.values()
    if not subject.spec.methods:
        return "it has no methods"
    if all(method.is_local for method in methods):
        return "no method makes a request"
    if not subject.rehearsal.speaks_http:
        return "its fake speaks a protocol without HTTP statuses"
    return "no example can be called" if all(m.arguments is None for m in methods) else "no example succeeds"
