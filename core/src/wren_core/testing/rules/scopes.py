"""W306: a method declares exactly the scopes that it needs."""

import re
from collections.abc import Iterator

from wren_core.contract.spec import IntegrationSpec, OAuth2Config
from wren_core.errors import InternalError
from wren_core.testing.calls import MethodCalls
from wren_core.testing.rules.call_findings import recording_problem
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier, Unproved
from wren_core.testing.target import CheckTarget

# Scopes for the identity of the account or for a refresh token, which no method needs.
_IDENTITY = re.compile(r"openid|email|profile|userinfo|offline|\buser\b")


def _check(target: CheckTarget) -> Iterator[Finding]:
    spec = target.spec
    if not isinstance(spec.auth, OAuth2Config) or not spec.required_scopes:
        raise NotApplicable("no connection requests scopes")
    yield from _idle(spec)
    yield from recording_problem(target)
    if target.make_fake is None:
        raise Unproved("there is no fake that issues tokens")
    if not target.calls.has_scopes and not target.calls.problem:
        message = "its fake issues no tokens with scopes; mount a FakeOAuth, or set `issuer`"
        yield Finding(place=spec.name, message=message)
    for method in target.calls.methods.values():
        yield from _check_method(f"{spec.name}.{method.method}", method)


def _idle(spec: IntegrationSpec) -> Iterator[Finding]:
    used = {scope for method in spec.methods for scope in method.scopes}
    for scope in spec.required_scopes:
        if scope not in used and not _IDENTITY.search(scope):
            yield Finding(place=spec.name, message=f"every connection requests {scope}, which no method declares")


def _check_method(place: str, method: MethodCalls) -> Iterator[Finding]:
    if method.with_declared_scopes is not None and method.with_declared_scopes.error is not None:
        yield Finding(place=place, message=f"its declared scopes are not enough: {method.with_declared_scopes.outcome}")
    without = method.without_scopes
    if without is not None and without.error is None:
        message = "the fake accepts it without any scope: does the provider, too?"
        yield Finding(place=place, message=message, weight="note")
    if without is not None and isinstance(without.error, InternalError):
        message = f"without its scopes it ends with {without.outcome}; raise an error that names the missing scope"
        yield Finding(place=place, message=message)


RULE = Rule(
    id="W306-scopes",
    tier=Tier.GOLD,
    title="Each method declares the scopes it needs, and connections request no others",
    why="Consent pages list the scopes, and people refuse those they do not understand. A method that lacks a scope "
    "fails for the people who granted only what was requested.",
    fix="@method(scopes=[...]) with the scopes that the provider documents for its requests; remove scopes that no "
    "method declares from auth.scopes.",
    check=_check,
)
