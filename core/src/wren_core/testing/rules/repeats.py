"""W308: a write is sent once."""

from collections.abc import Iterator

from wren_core.testing.calls import Call, MethodCalls
from wren_core.testing.fake_provider import FakeRequest
from wren_core.testing.request_kind import is_same_kind, key_of, last_write, operation_of
from wren_core.testing.rules.call_findings import recording_problem, working_methods
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.target import CheckTarget

_FAULTS = ("500", "503")


def _check(target: CheckTarget) -> Iterator[Finding]:
    writes = [method.id for method in target.spec.methods if method.effect != "read" and not method.idempotent]
    if not writes:
        raise NotApplicable("every method that writes is idempotent, or none writes")
    yield from recording_problem(target)
    for method in working_methods(target, "no write succeeds"):
        if method.method in writes:
            yield from _repeats(target.name, method)


def _repeats(name: str, method: MethodCalls) -> Iterator[Finding]:
    """Compare the request that writes: of those that do not say that they read, the last one."""
    write = last_write(method.plain.requests) if method.plain else None
    if write is None:
        return
    for call in method.faulted:
        times = _times(call, write)
        if call.fault in _FAULTS and call.path == write.path and times > 1:
            what = " ".join(filter(None, (write.method, write.path, operation_of(write))))
            message = f"after {call.fault} it sends {what} {times} times"
            yield Finding(place=f"{name}.{method.method}", message=message)
            return


def _times(call: Call, write: FakeRequest) -> int:
    """Count how often a call sent a write; requests with the same idempotency key count as one."""
    sent = [request for request in call.requests if is_same_kind(request, write)]
    keys = [key_of(request, unlike=write) or place for place, request in enumerate(sent)]
    return len(set(keys))


RULE = Rule(
    id="W308-repeats",
    tier=Tier.GOLD,
    title="A write that is not idempotent is sent once, even when the provider fails",
    why="A provider may have carried out a request that it did not confirm. A client that retries automatically then "
    "posts or pays twice.",
    fix="Switch the client library's retries off for writes (`max_retries=0`), send an idempotency key where the "
    "provider takes one, or declare the method idempotent=True where it is.",
    check=_check,
)
