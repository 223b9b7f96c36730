"""W205: a provider that fails is `Unavailable`."""

from collections.abc import Iterator

from wren_core.errors import Unavailable
from wren_core.testing.calls import Call
from wren_core.testing.rules.judging import judged
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _is_unavailable(call: Call) -> bool:
    return isinstance(call.error, Unavailable)


def _check(subject: Subject) -> Iterator[Finding]:
    yield from judged(subject, dict.fromkeys(("500", "503"), ("Unavailable", _is_unavailable)))


RULE = Rule(
    id="W205-outages",
    tier=Tier.SILVER,
    title="500 and 503 become Unavailable",
    why="It says that nothing is wrong with the call and that later is better; any other error sends people looking "
    "for a fault of their own.",
    fix="Let the client's HTTP error pass, or call wren_core.raise_for_response before you read the answer.",
    check=_check,
)
