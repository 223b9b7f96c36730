"""W302: a provider that stops answering is given up on."""

from collections.abc import Iterator

from wren_core.errors import Unavailable
from wren_core.testing.calls import Call
from wren_core.testing.rules.judging import judged
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _gives_up(call: Call) -> bool:
    return isinstance(call.error, Unavailable) or _is_unproved(call)


def _is_unproved(call: Call) -> bool:
    """Tell whether a call waited by other sockets than Python's, whose limits nobody here can cut short."""
    return call.error is None and not call.is_seen


def _check(subject: Subject) -> Iterator[Finding]:
    yield from judged(subject, {"stall": ("Unavailable", _gives_up)})
    calls = [call for method in subject.rehearsal.methods.values() for call in method.faulted]
    if any(call.fault == "stall" and call.is_heard and _is_unproved(call) for call in calls):
        message = "unproved: the client does not wait by Python's sockets, whose limits the check can cut short"
        yield Finding(place=subject.name, message=message, weight="note")


RULE = Rule(
    id="W302-timeouts",
    tier=Tier.GOLD,
    title="Every request has a time limit, and running into it is Unavailable",
    why="A provider that accepts a request and never answers holds a run until its own limit kills it, with nothing "
    "said about why.",
    fix="Pass a timeout to the client (`timeout=30`). The check shortens the limits of Python's sockets; a client "
    "that waits elsewhere needs a setting with `timeout` in its name, which is then set to its minimum.",
    check=_check,
)
