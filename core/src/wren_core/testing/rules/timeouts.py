"""W302: a request to a provider that does not answer ends with `Unavailable`."""

from collections.abc import Iterator

from wren_core.errors import Unavailable
from wren_core.testing.calls import Call
from wren_core.testing.rules.call_findings import wrong_outcomes
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _gives_up(call: Call) -> bool:
    return isinstance(call.error, Unavailable) or _is_unproved(call)


def _is_unproved(call: Call) -> bool:
    """Tell whether a call waited by other sockets than Python's, whose time limits a check cannot shorten."""
    return call.error is None and not call.uses_python_sockets


def _check(target: CheckTarget) -> Iterator[Finding]:
    yield from wrong_outcomes(target, {"stall": ("Unavailable", _gives_up)})
    calls = [call for method in target.calls.methods.values() for call in method.faulted]
    if any(call.fault == "stall" and call.reached_fake and _is_unproved(call) for call in calls):
        message = "not tested: the client does not use Python's sockets, so the check cannot shorten its time limits"
        yield Finding(place=target.name, message=message, weight="unproved")


RULE = Rule(
    id="W302-timeouts",
    tier=Tier.GOLD,
    title="Every request has a time limit, which leads to Unavailable",
    why="A provider that accepts a request and never answers blocks a run until the run's own limit ends it, and "
    "nothing shows the cause.",
    fix="Pass a timeout to the client (`timeout=30`). The check shortens the limits of Python's sockets; a client "
    "that waits elsewhere needs a setting with `timeout` in its name, which is then set to its minimum.",
    check=_check,
)
