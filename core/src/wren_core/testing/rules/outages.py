"""W205: a failure of the provider becomes `Unavailable`."""

from collections.abc import Iterator

from wren_core.errors import Unavailable
from wren_core.testing.calls import Call
from wren_core.testing.rules.call_findings import wrong_outcomes
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _is_unavailable(call: Call) -> bool:
    return isinstance(call.error, Unavailable)


def _check(target: CheckTarget) -> Iterator[Finding]:
    yield from wrong_outcomes(target, dict.fromkeys(("500", "503"), ("Unavailable", _is_unavailable)))


RULE = Rule(
    id="W205-outages",
    tier=Tier.SILVER,
    title="500 and 503 become Unavailable",
    why="It says that nothing is wrong with the call and that it can work later; with any other error people look for "
    "their own mistake.",
    fix="Let the client's HTTP error pass, or call wren_core.raise_for_response before the code reads the answer.",
    check=_check,
)
