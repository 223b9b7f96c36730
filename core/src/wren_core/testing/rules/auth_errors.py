"""W203: a refused credential is `AuthFailed`; a refused request is an error that says who can fix it."""

from collections.abc import Iterator

from wren_core.errors import AgentFixableError, AuthFailed, UserFacingConfigError
from wren_core.testing.calls import Call
from wren_core.testing.rules.call_findings import wrong_outcomes
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _is_refusal(call: Call) -> bool:
    return isinstance(call.error, AgentFixableError | UserFacingConfigError) and not call.error.can_retry


def _check(target: CheckTarget) -> Iterator[Finding]:
    expected = {
        "401": ("AuthFailed", lambda call: isinstance(call.error, AuthFailed)),
        "403": ("an AgentFixableError or a UserFacingConfigError", _is_refusal),
    }
    yield from wrong_outcomes(target, expected)


RULE = Rule(
    id="W203-auth-errors",
    tier=Tier.SILVER,
    title="401 becomes AuthFailed, 403 an error that says what was refused",
    why="AuthFailed makes a host renew the credential once and then ask its owner; any other error leaves a person "
    "without a next step. A 403 that looks transient is retried forever.",
    fix="Let the client's HTTP error pass, or call wren_core.raise_for_response(answer, integration=...). A provider "
    "that reports refusals in another way needs code that raises AuthFailed and Rejected.",
    check=_check,
)
