"""W203: a refused credential is `AuthFailed`, a refused request is an error somebody can act on."""

from collections.abc import Iterator

from wren_core.errors import AgentFixableError, AuthFailed, UserFacingConfigError
from wren_core.testing.calls import Call
from wren_core.testing.rules.judging import judged
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _is_refusal(call: Call) -> bool:
    return isinstance(call.error, AgentFixableError | UserFacingConfigError) and not call.error.can_retry


def _check(subject: Subject) -> Iterator[Finding]:
    expected = {
        "401": ("AuthFailed", lambda call: isinstance(call.error, AuthFailed)),
        "403": ("an error of wren_core that asks for no retry", _is_refusal),
    }
    yield from judged(subject, expected)


RULE = Rule(
    id="W203-auth-errors",
    tier=Tier.SILVER,
    title="401 becomes AuthFailed, 403 an error that says what was refused",
    why="AuthFailed makes a host renew the credential once and then ask its owner; anything else leaves a person with "
    "an error nobody can act on. A 403 that looks passing is tried again for ever.",
    fix="Let the client's HTTP error pass, or call wren_core.raise_for_response(answer, integration=...); where the "
    "provider says it otherwise, raise AuthFailed and Rejected yourself.",
    check=_check,
)
