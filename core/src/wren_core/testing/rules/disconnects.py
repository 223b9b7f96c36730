"""W303: a provider that hangs up is `Unavailable`."""

from collections.abc import Iterator

from wren_core.errors import Unavailable
from wren_core.testing.calls import Call
from wren_core.testing.rules.judging import judged
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _is_unavailable(call: Call) -> bool:
    return isinstance(call.error, Unavailable)


def _check(subject: Subject) -> Iterator[Finding]:
    yield from judged(subject, {"hang-up": ("Unavailable", _is_unavailable)})


RULE = Rule(
    id="W303-disconnects",
    tier=Tier.GOLD,
    title="A connection that breaks is Unavailable",
    why="Connections break every day, and each client library has its own class for it; hosts know one.",
    fix="Let the client's transport error pass, or catch it (OSError and http.client.HTTPException for urllib) and "
    "raise Unavailable.",
    check=_check,
)
