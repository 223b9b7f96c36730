"""W203: a refused credential is `AuthFailed`; a refused request is an error that says who can fix it."""

from collections.abc import Iterator

from wren_core.errors import AgentFixableError, AuthFailed, UserFacingConfigError
from wren_core.testing.calls import Call
from wren_core.testing.rules.call_findings import recording_problem, wrong_outcomes
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.target import CheckTarget


def _is_refusal(call: Call) -> bool:
    return isinstance(call.error, AgentFixableError | UserFacingConfigError) and not call.error.can_retry


def _check(target: CheckTarget) -> Iterator[Finding]:
    tried = {method.method: method.with_wrong_credentials for method in target.calls.methods.values()}
    for name, call in tried.items():
        if call is not None:
            yield from _check_wrong_credentials(f"{target.name}.{name}", call)
    yield from recording_problem(target)
    if target.calls.problem or (any(tried.values()) and not _has_refusals(target)):
        return
    if not target.calls.speaks_http and not any(item.required for item in target.spec.credentials):
        raise NotApplicable("it requires no credential, and its protocol has no statuses")
    yield from _check_statuses(target)


def _has_refusals(target: CheckTarget) -> bool:
    """Tell whether the fake could answer any call with 401 or 403."""
    calls = [call for method in target.calls.methods.values() for call in method.faulted]
    return any(call.fault in ("401", "403") for call in calls)


def _check_statuses(target: CheckTarget) -> Iterator[Finding]:
    expected = {
        "401": ("AuthFailed", lambda call: isinstance(call.error, AuthFailed)),
        "403": ("an AgentFixableError or a UserFacingConfigError", _is_refusal),
    }
    yield from wrong_outcomes(target, expected)


def _check_wrong_credentials(place: str, call: Call) -> Iterator[Finding]:
    """Judge a call with credentials that no provider accepts, for a protocol without statuses."""
    if call.error is None:
        message = "the fake accepts any credential, so a refusal is not tested; refuse what credentials() does not give"
        yield Finding(place=place, message=message, weight="unproved")
    elif not isinstance(call.error, AuthFailed):
        message = f"with a wrong credential it must raise AuthFailed; the outcome is {call.outcome}"
        yield Finding(place=place, message=message)


RULE = Rule(
    id="W203-auth-errors",
    tier=Tier.SILVER,
    title="401 becomes AuthFailed, 403 an error that says what was refused",
    why="AuthFailed makes a host renew the credential once and then ask its owner; any other error leaves a person "
    "without a next step. A 403 that looks transient is retried forever.",
    fix="Let the client's HTTP error pass, or call wren_core.raise_for_response(answer, integration=...). A provider "
    "that reports refusals in another way needs code that raises AuthFailed and Rejected, whatever the class of the "
    "library's error is called.",
    check=_check,
)
