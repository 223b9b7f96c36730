"""W108: no secret in anything that is shown or kept."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    if not subject.spec.credentials:
        raise NotApplicable("it has no credentials")
    for leak in subject.rehearsal.leaks:
        yield Finding(place=subject.name, message=f"{leak.place} holds a credential ({leak.form})")


RULE = Rule(
    id="W108-exposure",
    tier=Tier.BRONZE,
    title="No credential in a repr, an error, a traceback, a log line or what is printed",
    why="Logs and errors are kept for years and read by many, models among them; a credential in one is given away.",
    fix="Send keys in headers, not in URLs, which clients quote; check a key's characters before a client library "
    "does and complains with the key in its text; raise your own message `from None` where the cause quotes it; keep "
    "credentials out of repr() of whatever holds them.",
    check=_check,
)
