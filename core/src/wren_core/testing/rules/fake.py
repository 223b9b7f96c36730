"""W301: every example works, with a fake provider where there is a provider."""

from collections.abc import Iterator

from wren_core.ai.integration import IMAGES_UNSUPPORTED
from wren_core.errors import HostUnavailable
from wren_core.testing.rules.judging import unrehearsed
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    yield from unrehearsed(subject)
    methods = subject.rehearsal.methods.values()
    asks_host = any(method.plain and isinstance(method.plain.error, HostUnavailable) for method in methods)
    if subject.make_fake is None and (subject.has_provider or asks_host):
        message = f'no entry point {subject.name!r} of the group "wren.fakes"'
        yield Finding(place="pyproject.toml", message=message)
        return
    for method in methods:
        place = f"{subject.name}.{method.method}"
        if method.arguments is None or method.plain is None:
            yield Finding(place=place, message="its example cannot be called")
        elif method.arguments.unknown:
            names = ", ".join(method.arguments.unknown)
            message = f"the example uses {names}; return what that is from the fake's example_values()"
            yield Finding(place=place, message=message)
        elif method.plain.error is not None and getattr(method.plain.error, "code", "") != IMAGES_UNSUPPORTED:
            yield Finding(place=place, message=f"the example fails: {method.plain.happened}")


RULE = Rule(
    id="W301-fake",
    tier=Tier.GOLD,
    title="Every example works, with the fake provider it ships",
    why="Without one nothing below can be proved, authors need an account to test, and scripts that use the "
    "integration are tried on real people first.",
    fix='A FakeProvider (or TcpFake) made without arguments, offered as [project.entry-points."wren.fakes"] NAME = '
    '"package.fake:FakeClass", with example_values() for the names in examples and credentials() for keys. One that '
    "stands for the host, because methods ask that, has a function `request` as wren_core.contract.host.Host.",
    check=_check,
)
