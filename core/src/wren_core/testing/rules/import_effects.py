"""W107: importing the integration has no side effects."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, Rule, Tier, Unproved
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    if target.imported is None:
        raise Unproved("it was imported before the check began")
    for effect in target.imported.effects:
        yield Finding(place=effect.place, message=f"its import {effect.message}")


RULE = Rule(
    id="W107-import-effects",
    tier=Tier.BRONZE,
    title="Importing the integration opens no file, socket or process and reads no environment variable",
    why="Every host imports every installed plugin. A side effect happens in all of them, in processes that hold other "
    "secrets, before a person chooses to use the plugin.",
    fix="Do it in connect() or in the method; take settings from self.config and secrets from self.credentials.",
    check=_check,
)
