"""What the rules about behaviour share: findings from the recorded calls, and the reason where there are none."""

from collections.abc import Callable, Iterator, Mapping

from wren_core.testing.calls import Call, MethodCalls
from wren_core.testing.rules.rule import Finding, NotApplicable
from wren_core.testing.target import CheckTarget

Judge = Callable[[Call], bool]
"""Tells whether the outcome of a call is right."""


def wrong_outcomes(target: CheckTarget, expected: Mapping[str, tuple[str, Judge]]) -> Iterator[Finding]:
    """Yield a finding for each call whose outcome after a fault is not the expected one.

    Args:
        target: the integration.
        expected: fault name -> the expected outcome, as text and as a function.

    Raises:
        NotApplicable: no call had such a fault.
    """
    if target.calls.problem:
        yield from recording_problem(target)
        return
    faulted = {method.method: _calls_with(method, expected) for method in target.calls.methods.values()}
    if not any(faulted.values()):
        raise NotApplicable(_why_none(target))
    for name, calls in faulted.items():
        if calls and not any(call.reached_fake for call in calls) and calls[0].error is not None:
            message = f"it made no request, so nothing is tested: {calls[0].outcome}"
            yield Finding(place=f"{target.name}.{name}", message=message)
        for call in calls:
            words, is_right = expected[call.fault]
            if call.reached_fake and not is_right(call):
                message = f"after {call.fault} it must raise {words}; the outcome is {call.outcome}"
                yield Finding(place=f"{target.name}.{call.place}", message=message)


def recording_problem(target: CheckTarget) -> Iterator[Finding]:
    """Yield the reason why no call could be made, if there is one."""
    if target.calls.problem:
        yield Finding(place=target.name, message=f"it could not be called: {target.calls.problem}")


def working_methods(target: CheckTarget, what: str) -> list[MethodCalls]:
    """Return the methods whose example succeeded against the fake.

    Raises:
        NotApplicable: there are none.
    """
    found = [method for method in target.calls.methods.values() if method.works]
    if not found and not target.calls.problem:
        raise NotApplicable(f"{what}: {_why_none(target)}")
    return found


def _calls_with(method: MethodCalls, expected: Mapping[str, object]) -> list[Call]:
    return [call for call in method.faulted if call.fault in expected]


def _why_none(target: CheckTarget) -> str:
    methods = target.calls.methods.values()
    if not target.spec.methods:
        return "it has no methods"
    if all(method.makes_no_request for method in methods):
        return "no method makes a request"
    if not target.calls.speaks_http:
        return "its fake uses a protocol without HTTP statuses"
    return "no example can be called" if all(m.arguments is None for m in methods) else "no example succeeds"
