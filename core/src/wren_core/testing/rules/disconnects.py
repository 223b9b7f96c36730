"""W303: a connection that the provider closes becomes `Unavailable`."""

from collections.abc import Iterator

from wren_core.errors import Unavailable
from wren_core.testing.calls import Call
from wren_core.testing.rules.call_findings import wrong_outcomes
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _is_unavailable(call: Call) -> bool:
    return isinstance(call.error, Unavailable)


def _check(target: CheckTarget) -> Iterator[Finding]:
    yield from wrong_outcomes(target, {"hang-up": ("Unavailable", _is_unavailable)})


RULE = Rule(
    id="W303-disconnects",
    tier=Tier.GOLD,
    title="A broken connection becomes Unavailable",
    why="Connections break every day. Each client library has its own class for that, and hosts know only this one.",
    fix="Let the client's transport error pass, or catch it (OSError and http.client.HTTPException for urllib) and "
    "raise Unavailable.",
    check=_check,
)
