"""W310: a write whose answer was lost ends with an error that does not invite to repeat it.

Which class the error has is the subject of W205, W302 and W303; `execution.call` adds the words.
"""

from collections.abc import Iterator

from wren_core.testing.calls import Call, MethodCalls
from wren_core.testing.request_kind import last_write
from wren_core.testing.rules.call_findings import recording_problem, working_methods
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.target import CheckTarget

_LOST_ANSWERS = ("500", "503", "hang-up", "stall")


def _check(target: CheckTarget) -> Iterator[Finding]:
    writes = [method.id for method in target.spec.methods if method.effect != "read" and not method.idempotent]
    if not writes:
        raise NotApplicable("every method that writes is idempotent, or none writes")
    yield from recording_problem(target)
    working = [method for method in working_methods(target, "no write succeeds") if method.method in writes]
    lost = [(method, call) for method in working for call in method.faulted if _has_lost_an_answer(method, call)]
    if working and not lost:
        raise NotApplicable("no fault of the fake meets a request that writes")
    for method, call in lost:
        if getattr(call.error, "can_retry", False):
            message = f"after {call.fault} it may have been done, and the error invites to repeat it: {call.outcome}"
            yield Finding(place=f"{target.name}.{method.method}", message=message)


def _has_lost_an_answer(method: MethodCalls, call: Call) -> bool:
    """Tell whether the call sent its write, the last request of a call without faults that writes, and then failed."""
    last = last_write(method.plain.requests) if method.plain else None
    if last is None or call.error is None or call.fault not in _LOST_ANSWERS:
        return False
    return any((request.method, request.path) == (last.method, last.path) for request in call.requests)


RULE = Rule(
    id="W310-doubt",
    tier=Tier.GOLD,
    title="The error of a write whose answer was lost says that it may have been done",
    why="A provider may have carried out a request that it did not confirm. An agent that reads `can_retry: true` "
    "sends it again, and posts or pays twice.",
    fix="Raise Unavailable, or let the client's error pass: Wren then adds the doubt. Pass `nothing_done=True` only "
    "where the request was certainly not carried out.",
    check=_check,
)
