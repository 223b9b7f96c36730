"""W102: the metadata of the distribution describe it and bound the version of wren-core."""

from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from wren_core.testing.project import Project
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget

_CONTRACT = "wren-core"
_BOUNDS = ("<", "<=", "~=", "==")
_WANTED = {
    "summary": "description",
    "license": "license",
    "requires_python": "requires-python",
    "readme": "readme",
}


def _check(target: CheckTarget) -> Iterator[Finding]:
    project = target.project
    for attribute, field in _WANTED.items():
        if not getattr(project, attribute).strip():
            yield Finding(place="pyproject.toml", message=f"[project] has no {field}")
    contract = _contract_requirement(project)
    if contract is None:
        yield Finding(place="pyproject.toml", message=f"dependencies do not name {_CONTRACT}")
    elif not any(item.operator in _BOUNDS for item in contract.specifier):
        message = f"{contract} has no upper bound, so a later, incompatible wren-core would load this plugin"
        yield Finding(place="pyproject.toml", message=message)


def _contract_requirement(project: Project) -> Requirement | None:
    for text in project.requires:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if canonicalize_name(requirement.name) == _CONTRACT and "extra" not in str(requirement.marker):
            return requirement
    return None


RULE = Rule(
    id="W102-metadata",
    tier=Tier.BRONZE,
    title="The metadata have a description, licence, Python version, README and a bounded wren-core",
    why="Operators choose by the metadata what to install, and the bounds on wren-core keep a host from loading a "
    "plugin that was written for another contract.",
    fix='Fill in [project]: description, readme, license, requires-python, and dependencies = ["wren-core>=X.Y,<X.Z"].',
    check=_check,
)
