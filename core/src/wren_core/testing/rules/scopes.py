"""W306: the scopes a method declares are the ones it needs."""

import re
from collections.abc import Iterator

from wren_core.contract.spec import IntegrationSpec, OAuth2Config
from wren_core.errors import InternalError
from wren_core.testing.calls import MethodCalls
from wren_core.testing.rules.judging import unrehearsed
from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.subject import Subject

# Scopes by which a host learns whose account it is, or gets a refresh token; no method uses them.
_IDENTITY = re.compile(r"openid|email|profile|userinfo|offline|\buser\b")


def _check(subject: Subject) -> Iterator[Finding]:
    spec = subject.spec
    if not isinstance(spec.auth, OAuth2Config) or not spec.required_scopes:
        raise NotApplicable("no connection asks for scopes")
    yield from _idle(spec)
    yield from unrehearsed(subject)
    if subject.make_fake is not None and not subject.rehearsal.has_scopes and not subject.rehearsal.problem:
        message = "its fake gives no tokens with scopes; mount a FakeOAuth, or set `issuer`"
        yield Finding(place=spec.name, message=message)
    for method in subject.rehearsal.methods.values():
        yield from _unproved(f"{spec.name}.{method.method}", method)


def _idle(spec: IntegrationSpec) -> Iterator[Finding]:
    used = {scope for method in spec.methods for scope in method.scopes}
    for scope in spec.required_scopes:
        if scope not in used and not _IDENTITY.search(scope):
            yield Finding(place=spec.name, message=f"every connection asks for {scope}, and no method declares it")


def _unproved(place: str, method: MethodCalls) -> Iterator[Finding]:
    if method.scoped is not None and method.scoped.error is not None:
        yield Finding(place=place, message=f"its declared scopes are not enough: {method.scoped.happened}")
    without = method.scopeless
    if without is not None and without.error is None:
        message = "the fake lets it through without any scope: is it kinder than the provider, or are none needed?"
        yield Finding(place=place, message=message, weight="note")
    if without is not None and isinstance(without.error, InternalError):
        message = f"without its scopes it comes to {without.happened}; say which scope is missing, and who grants it"
        yield Finding(place=place, message=message)


RULE = Rule(
    id="W306-scopes",
    tier=Tier.GOLD,
    title="Each method declares the scopes it needs, and connections ask for no others",
    why="Consent pages list scopes, and people refuse what they cannot explain; a method without a scope it needs "
    "fails for exactly those who were asked for less.",
    fix="@method(scopes=[...]) with what the provider documents for its requests; take scopes no method declares out "
    "of the auth's list.",
    check=_check,
)
