"""W404: importing the integration is cheap."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.subject import Subject

MAX_CPU_MS = 100
MAX_MODULES = 60


def _check(subject: Subject) -> Iterator[Finding]:
    if subject.imported is None:
        raise NotApplicable("it was imported before anybody looked")
    facts = subject.imported
    package = facts.module.partition(".")[0]
    foreign = [name for name in facts.modules if name.partition(".")[0] != package]
    if facts.cpu_seconds * 1000 > MAX_CPU_MS:
        message = f"importing it takes {facts.cpu_seconds * 1000:.0f} ms of processor time; {MAX_CPU_MS} are enough"
        yield Finding(place=facts.module, message=message)
    if len(foreign) > MAX_MODULES:
        message = f"importing it imports {len(foreign)} other modules, such as {', '.join(foreign[:3])}"
        yield Finding(place=facts.module, message=message)


RULE = Rule(
    id="W404-import-cost",
    tier=Tier.PLATINUM,
    title=f"Importing it takes at most {MAX_CPU_MS} ms and {MAX_MODULES} other modules",
    why="A host with a hundred plugins pays for all of them at every start.",
    fix="`python -X importtime -c 'import PACKAGE'` shows what costs; move it into connect() or into the method.",
    check=_check,
)
