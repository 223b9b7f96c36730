"""W103: the names that scripts, models and operators use follow one pattern and do not collide."""

import re
from collections.abc import Iterator

from wren_core.ai.integration import AIIntegration
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget

_SNAKE = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_EMPTY_WORDS = re.compile(r"\b(wren|integration|plugin|connector)\b", re.IGNORECASE)


def _check(target: CheckTarget) -> Iterator[Finding]:
    spec = target.spec
    if not spec.display_name.strip() or _EMPTY_WORDS.search(spec.display_name):
        message = f"display_name {spec.display_name!r} must be the name of the service, as its users write it"
        yield Finding(place=spec.name, message=message)
    for credential in spec.credentials:
        for variable in filter(None, (credential.env_var, credential.refresh_env_var)):
            if not variable.startswith(f"{spec.name.upper()}_"):
                message = (
                    f"the variable {variable} must start with {spec.name.upper()}_, as all plugins share one namespace"
                )
                yield Finding(place=f"{spec.name}.{credential.key}", message=message)
    for method in spec.methods:
        # What all ai integrations share is named by definitions, where names are in camelCase.
        is_shared = target.integration.methods().get(method.id) is AIIntegration.methods().get(method.id)
        for name in () if is_shared else (method.id, *method.input_schema["properties"]):
            if not _SNAKE.fullmatch(name):
                yield Finding(place=f"{spec.name}.{method.id}", message=f"{name!r} is not in snake_case")
        if method.id.startswith(f"{spec.name}_"):
            message = f"the id repeats the integration's name; scripts would write {spec.name}.{method.id}"
            yield Finding(place=f"{spec.name}.{method.id}", message=message)


RULE = Rule(
    id="W103-naming",
    tier=Tier.BRONZE,
    title="Names are in snake_case, and environment variables start with the integration's name",
    why="Scripts write these names and models choose among hundreds of them; a variable without the integration's name "
    "in front collides with that of another plugin sooner or later.",
    fix="Rename it. That costs nothing before the first release, and a new major version after it.",
    check=_check,
)
