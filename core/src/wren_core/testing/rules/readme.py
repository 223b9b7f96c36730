"""W202: the README lists every method, setting and environment variable."""

import re
from collections.abc import Iterator

from wren_core.contract.spec import MethodSpec
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    readme, spec = subject.project.readme, subject.spec
    for method in spec.methods:
        problem = _problem(readme, method)
        if problem:
            yield Finding(place="README.md", message=problem)
    for name in spec.config_schema.get("properties", {}):
        if not re.search(rf"\b{re.escape(name)}\b", readme):
            yield Finding(place="README.md", message=f"the setting {name!r} is not in it")
    for variable in spec.get_run_env_mapping().values():
        if variable not in readme:
            yield Finding(place="README.md", message=f"the environment variable {variable} is not in it")


def _problem(readme: str, method: MethodSpec) -> str | None:
    """Compare with `method(parameters)` in backquotes, as the first one of a table's row or a list's item."""
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
    why="It is the page of the distribution: what somebody reads before installing it. A list that is kept by hand "
    "and checked by nobody is wrong after two releases.",
    fix="One row or item for each method that begins with `method(parameter, parameter)` in backquotes; settings and "
    "variables by name. `wren integrations show NAME` prints a start.",
    check=_check,
)
