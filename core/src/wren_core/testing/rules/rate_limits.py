"""W204: a 429 with Retry-After becomes `RateLimited` with that pause."""

from collections.abc import Iterator

from wren_core.errors import RateLimited
from wren_core.testing.calls import Call
from wren_core.testing.faults import RETRY_AFTER_SECONDS
from wren_core.testing.rules.call_findings import wrong_outcomes
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _is_told(call: Call) -> bool:
    return isinstance(call.error, RateLimited) and call.error.retry_after == RETRY_AFTER_SECONDS


def _check(target: CheckTarget) -> Iterator[Finding]:
    yield from wrong_outcomes(target, {"429": (f"RateLimited with retry_after={RETRY_AFTER_SECONDS}", _is_told)})


RULE = Rule(
    id="W204-rate-limits",
    tier=Tier.SILVER,
    title="429 becomes RateLimited with the provider's Retry-After",
    why="The caller waits for that pause. Without it the caller tries again at once and is limited for longer.",
    fix="Let the client's HTTP error pass, or raise RateLimited(message, retry_after=seconds). A method may "
    "wait a few seconds, but not for a pause that the caller must know.",
    check=_check,
)
