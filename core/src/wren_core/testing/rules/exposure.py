"""W108: nothing that is shown or stored holds a secret."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    if not target.spec.credentials:
        raise NotApplicable("it has no credentials")
    calls = target.calls
    if calls.problem:
        yield Finding(place=target.name, message=f"it could not be called: {calls.problem}", weight="unproved")
    elif calls.methods and all(method.arguments is None for method in calls.methods.values()):
        yield Finding(place=target.name, message="no example can be called", weight="unproved")
    for leak in calls.leaks:
        yield Finding(place=target.name, message=f"{leak.place} holds a credential ({leak.form})")


RULE = Rule(
    id="W108-exposure",
    tier=Tier.BRONZE,
    title="No repr, error, traceback, log line or printed text holds a credential",
    why="Logs and errors are stored for years and read by many people and models; a credential in one is public.",
    fix="Send keys in headers, not in URLs, which clients quote in errors. Check the characters of a key before the "
    "client library does, whose error quotes it. Raise your own message `from None` where the cause quotes the key. "
    "Leave credentials out of the repr() of every object that holds them.",
    check=_check,
)
