"""W301: every example works, against a fake provider where there is a provider."""

from collections.abc import Iterator

from wren_core.ai.integration import IMAGES_UNSUPPORTED
from wren_core.errors import HostUnavailable
from wren_core.schemas.validator import Validator
from wren_core.testing.calls import MethodCalls
from wren_core.testing.rules.call_findings import recording_problem
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    yield from recording_problem(target)
    methods = target.calls.methods.values()
    asks_host = any(method.plain and isinstance(method.plain.error, HostUnavailable) for method in methods)
    if target.make_fake is None and (target.has_provider or asks_host):
        message = f'there is no entry point {target.name!r} in the group "wren.fakes"'
        yield Finding(place="pyproject.toml", message=message)
        return
    for method in methods:
        place = f"{target.name}.{method.method}"
        if method.arguments is None or method.plain is None:
            yield Finding(place=place, message="its example cannot be called")
        elif method.arguments.unknown:
            names = ", ".join(method.arguments.unknown)
            message = f"the example uses {names}; return a value for it from the fake's example_values()"
            yield Finding(place=place, message=message)
        elif method.plain.error is not None and getattr(method.plain.error, "code", "") != IMAGES_UNSUPPORTED:
            yield Finding(place=place, message=f"the example fails: {method.plain.outcome}")
        elif method.works:
            yield from _misfit(place, target, method)


def _misfit(place: str, target: CheckTarget, method: MethodCalls) -> Iterator[Finding]:
    """Compare a result with the published schema: records keep what is odd, so that a call does not fail about it."""
    spec = next((item for item in target.spec.methods if item.id == method.method), None)
    problems = Validator(spec.output_schema).problems(method.plain.result) if spec and method.plain else []
    for problem in problems[:1]:
        message = f"its result breaks its declared type at {problem.pointer or '/'}: expected {problem.expected}"
        yield Finding(place=place, message=message)


RULE = Rule(
    id="W301-fake",
    tier=Tier.GOLD,
    title="Every example works against the fake provider that the plugin ships",
    why="Without a fake the other gold rules can prove nothing, authors need an account to run tests, and scripts that "
    "use the integration are first tried on real data.",
    fix="Write a FakeProvider (or FakeTcpProvider) that needs no arguments, with example_values() for the names in "
    'examples and credentials() for keys, and add [project.entry-points."wren.fakes"] NAME = '
    '"package.fake:FakeClass". A fake of the host has a function `request` as wren_core.contract.host.Host.',
    check=_check,
)
