"""W404: importing the integration costs little."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, Rule, Tier, Unproved
from wren_core.testing.target import CheckTarget

MAX_CPU_MS = 100
MAX_MODULES = 60


def _check(target: CheckTarget) -> Iterator[Finding]:
    if target.imported is None:
        raise Unproved("it was imported before the check began")
    facts = target.imported
    package = facts.module.partition(".")[0]
    foreign = [name for name in facts.modules if name.partition(".")[0] != package]
    if facts.cpu_seconds * 1000 > MAX_CPU_MS:
        message = f"its import takes {facts.cpu_seconds * 1000:.0f} ms of processor time; the limit is {MAX_CPU_MS}"
        yield Finding(place=facts.module, message=message)
    if len(foreign) > MAX_MODULES:
        message = f"its import also imports {len(foreign)} other modules, such as {', '.join(foreign[:3])}"
        yield Finding(place=facts.module, message=message)


RULE = Rule(
    id="W404-import-cost",
    tier=Tier.PLATINUM,
    title=f"Importing the integration takes at most {MAX_CPU_MS} ms and {MAX_MODULES} other modules",
    why="A host imports all its plugins at every start, and it may have a hundred.",
    fix="Move what takes long into connect() or into the method; `python -X importtime -c 'import PACKAGE'` shows it.",
    check=_check,
)
