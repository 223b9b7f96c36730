"""W102: the distribution's metadata say what it is, for whom, and which contract it was written for."""

from collections.abc import Iterator

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from wren_core.testing.project import Project
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject

_CONTRACT = "wren-core"
_BOUNDS = ("<", "<=", "~=", "==")
_WANTED = {
    "summary": "description",
    "license": "license",
    "requires_python": "requires-python",
    "readme": "readme",
}


def _check(subject: Subject) -> Iterator[Finding]:
    project = subject.project
    for attribute, field in _WANTED.items():
        if not getattr(project, attribute).strip():
            yield Finding(place="pyproject.toml", message=f"[project] has no {field}")
    contract = _contract_requirement(project)
    if contract is None:
        yield Finding(place="pyproject.toml", message=f"dependencies do not name {_CONTRACT}")
    elif not any(item.operator in _BOUNDS for item in contract.specifier):
        message = f"{contract} has no upper bound: a later contract would load a plugin that was written for this one"
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
    title="The metadata name the description, licence, Python, README and a bounded wren-core",
    why="Operators decide by them what to install, and the requirement on wren-core is the fence that keeps a plugin "
    "from being loaded by a contract it was not written for.",
    fix='Fill in [project]: description, readme, license, requires-python, and dependencies = ["wren-core>=X.Y,<X.Z"].',
    check=_check,
)
