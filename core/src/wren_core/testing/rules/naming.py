"""W103: names that scripts, models and operators meet are of one pattern and collide with nobody's."""

import re
from collections.abc import Iterator

from wren_core.ai.integration import AIIntegration
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_EMPTY_WORDS = re.compile(r"\b(wren|integration|plugin|connector)\b", re.IGNORECASE)


def _check(subject: Subject) -> Iterator[Finding]:
    spec = subject.spec
    if not spec.display_name.strip() or _EMPTY_WORDS.search(spec.display_name):
        message = f"display_name {spec.display_name!r} must be the service's own name, as its users write it"
        yield Finding(place=spec.name, message=message)
    for credential in spec.credentials:
        for variable in filter(None, (credential.env_var, credential.refresh_env_var)):
            if not variable.startswith(f"{spec.name.upper()}_"):
                message = f"the variable {variable} must start with {spec.name.upper()}_: all plugins share one space"
                yield Finding(place=f"{spec.name}.{credential.key}", message=message)
    for method in spec.methods:
        # What all ai integrations share is named by definitions, where names are in camelCase.
        is_shared = subject.integration.methods().get(method.id) is AIIntegration.methods().get(method.id)
        for name in () if is_shared else (method.id, *method.input_schema["properties"]):
            if not _SNAKE.fullmatch(name):
                yield Finding(place=f"{spec.name}.{method.id}", message=f"{name!r} is not in snake_case")
        if method.id.startswith(f"{spec.name}_"):
            message = f"the id repeats the integration's name; scripts would write {spec.name}.{method.id}"
            yield Finding(place=f"{spec.name}.{method.id}", message=message)


RULE = Rule(
    id="W103-naming",
    tier=Tier.BRONZE,
    title="Names are in snake_case, environment variables carry the integration's name",
    why="A name is typed by scripts and chosen by models among hundreds; a variable without the integration's name in "
    "front is another plugin's sooner or later.",
    fix="Rename it. Before the first release that costs nothing; afterwards it is a new major version.",
    check=_check,
)
