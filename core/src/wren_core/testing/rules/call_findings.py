"""What the rules about behaviour share: findings from the recorded calls, and the reason where there are none.

A rule has nothing to check where no method makes a request. Where one does, and could not be called or its fake could
not be made to fail, the rule is unproved.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import NoReturn

from wren_core.testing.calls import Call, MethodCalls
from wren_core.testing.rules.rule import Finding, NotApplicable, Unproved
from wren_core.testing.target import CheckTarget

Judge = Callable[[Call], bool]
"""Tells whether the outcome of a call is right."""


def wrong_outcomes(target: CheckTarget, expected: Mapping[str, tuple[str, Judge]]) -> Iterator[Finding]:
    """Yield a finding for each call whose outcome after a fault is not the expected one.

    Args:
        target: the integration.
        expected: fault name -> the expected outcome, as text and as a function.

    Raises:
        NotApplicable: no method makes a request.
        Unproved: the methods make requests, and no call had such a fault.
    """
    if target.calls.problem:
        yield from recording_problem(target)
        return
    faulted = {method.method: _calls_with(method, expected) for method in target.calls.methods.values()}
    if not any(faulted.values()):
        refuse_without_calls(target)
    for name, calls in faulted.items():
        yield from _find_uncalled(target, name)
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
        NotApplicable: no method makes a request.
        Unproved: those that do failed.
    """
    found = [method for method in target.calls.methods.values() if method.works]
    if not found and not target.calls.problem:
        refuse_without_calls(target, f"{what}: ")
    return found


def refuse_without_calls(target: CheckTarget, what: str = "") -> NoReturn:
    """Say why there is no call to look at.

    Raises:
        NotApplicable: no method makes a request.
        Unproved: one does, or none could be called.
    """
    methods = target.calls.methods.values()
    if not target.spec.methods:
        raise NotApplicable(f"{what}it has no methods")
    if all(method.makes_no_request for method in methods):
        raise NotApplicable(f"{what}no method makes a request")
    raise Unproved(f"{what}{_why_none(target)}")


def _find_uncalled(target: CheckTarget, name: str) -> Iterator[Finding]:
    """Yield a finding about a method whose example cannot be called, while others can."""
    calls = target.calls.methods[name]
    if calls.arguments is None and not calls.faulted:
        message = "its example cannot be called, so nothing is tested"
        yield Finding(place=f"{target.name}.{name}", message=message, weight="unproved")


def _calls_with(method: MethodCalls, expected: Mapping[str, object]) -> list[Call]:
    return [call for call in method.faulted if call.fault in expected]


def _why_none(target: CheckTarget) -> str:
    methods = target.calls.methods.values()
    if all(method.arguments is None for method in methods):
        return "no example can be called"
    if not any(method.works for method in methods):
        return "no example succeeds"
    return (
        "its fake cannot be made to answer so; override `answer_status(status, times)` of FakeTcpProvider, or exempt "
        "the rule and say why the protocol has no such answer"
    )
