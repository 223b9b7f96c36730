"""W107: importing the integration does nothing but define it."""

from collections.abc import Iterator

from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    if subject.imported is None:
        raise NotApplicable("it was imported before anybody looked")
    for effect in subject.imported.effects:
        yield Finding(place=effect.place, message=f"importing it {effect.message}")


RULE = Rule(
    id="W107-import-effects",
    tier=Tier.BRONZE,
    title="Importing it opens no file, no socket, no process and reads no environment",
    why="Every host imports every installed plugin. What one does then happens to all of them, in processes that have "
    "other secrets, before anybody chose to use it.",
    fix="Do it in connect() or in the method; take settings from self.config and secrets from self.credentials.",
    check=_check,
)
