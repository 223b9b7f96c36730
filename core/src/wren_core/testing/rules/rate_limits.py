"""W204: a 429 with Retry-After is `RateLimited` with that pause."""

from collections.abc import Iterator

from wren_core.errors import RateLimited
from wren_core.testing.calls import Call
from wren_core.testing.faults import RETRY_AFTER_SECONDS
from wren_core.testing.rules.judging import judged
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _is_told(call: Call) -> bool:
    return isinstance(call.error, RateLimited) and call.error.retry_after == RETRY_AFTER_SECONDS


def _check(subject: Subject) -> Iterator[Finding]:
    yield from judged(subject, {"429": (f"RateLimited with retry_after={RETRY_AFTER_SECONDS}", _is_told)})


RULE = Rule(
    id="W204-rate-limits",
    tier=Tier.SILVER,
    title="429 becomes RateLimited with the provider's Retry-After",
    why="Whoever calls plans by the pause. Without it they try again at once and are limited for longer.",
    fix="Let the client's HTTP error pass, or raise RateLimited(message, retry_after=seconds). Waiting inside the "
    "method is fine for seconds, not for a pause the caller should know of.",
    check=_check,
)
