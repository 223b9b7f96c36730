"""W202: the README lists every method, setting and environment variable."""

import re
from collections.abc import Iterator

from wren_core.contract.spec import IntegrationSpec, MethodSpec
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    readme, spec = target.project.readme, target.spec
    for method in spec.methods:
        problem = _problem(readme, method)
        if problem:
            yield Finding(place="README.md", message=problem)
    for name in spec.config_schema.get("properties", {}):
        if not re.search(rf"\b{re.escape(name)}\b", readme):
            yield Finding(place="README.md", message=f"the setting {name!r} is missing")
    yield from _find_other_providers(readme, spec)
    for variable in spec.get_run_env_mapping().values():
        if variable not in readme:
            yield Finding(place="README.md", message=f"the environment variable {variable} is missing")


def _find_other_providers(readme: str, spec: IntegrationSpec) -> Iterator[Finding]:
    """Find settings of another provider than the one in the spec: an operator who sets them gets no client id."""
    own = (spec.oauth_provider or "").upper()
    for named in sorted(set(re.findall(r"\bWREN_PROVIDERS__([A-Z0-9_]+?)__", readme)) - {own}):
        cure = f"write WREN_PROVIDERS__{own}__" if own else "the integration has no OAuth provider; remove them"
        message = f"it names settings WREN_PROVIDERS__{named}__..., and the provider is {spec.oauth_provider}; {cure}"
        yield Finding(place="README.md", message=message)


def _problem(readme: str, method: MethodSpec) -> str | None:
    """Look for `method(parameters)` in backquotes, first in a table row, list item or heading, and compare it."""
    wanted = list(method.input_schema["properties"])
    shown = re.search(rf"^\s*(?:\||[-*]|#+)\s*`{re.escape(method.id)}\(([^)`]*)\)`", readme, re.MULTILINE)
    if shown is None:
        return f"no row or item begins with `{method.id}({', '.join(wanted)})`"
    named = [re.split(r"[=:]", part, maxsplit=1)[0].strip(" *") for part in shown[1].split(",") if part.strip(" *")]
    if named != wanted:
        return f"`{shown[0].strip('|-*# `')}`: the parameters are ({', '.join(wanted)})"
    return None


RULE = Rule(
    id="W202-readme",
    tier=Tier.SILVER,
    title="The README lists every method with its parameters, every setting and environment variable",
    why="People read it before they install the distribution. A list that no program checks is wrong after two "
    "releases.",
    fix="One row or item for each method that begins with `method(parameter, parameter)` in backquotes; settings and "
    "variables by name. `wren integrations show NAME` prints text to start from.",
    check=_check,
)
