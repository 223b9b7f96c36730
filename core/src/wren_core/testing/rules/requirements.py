"""W109: what the package imports is among its dependencies."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

import importlib_metadata as metadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from wren_core.testing.package_sources import iter_sources
from wren_core.testing.project import Project
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.source_imports import list_imports
from wren_core.testing.target import CheckTarget

# Authors write `pydantic.Field` in signatures: it is part of the contract, and always brings pydantic_core.
_OF_THE_CONTRACT = frozenset({"wren_core", "pydantic", "pydantic_core"})


def _check(target: CheckTarget) -> Iterator[Finding]:
    owners, project = metadata.packages_distributions(), target.project
    own = target.integration.__module__.partition(".")[0]
    for path in iter_sources(target.integration):
        declared = _names((*project.requires, project.name), with_extras=path.name.startswith("fake"))
        for item in list_imports(path.read_text("utf-8")):
            top = item.module.partition(".")[0]
            if top in sys.stdlib_module_names or top in _OF_THE_CONTRACT or top == own or _is_own(top, project):
                continue
            fault = _find_fault(item.module, owners, declared)
            if fault:
                yield Finding(place=f"{path.name}:{item.line}", message=fault)


def _find_fault(module: str, owners: Mapping[str, Iterable[str]], declared: set[str]) -> str | None:
    top = module.partition(".")[0]
    offered = {canonicalize_name(name) for name in owners.get(top, ())} or {canonicalize_name(top)}
    if offered & declared:
        return None
    named = " or ".join(sorted(offered))
    return f"it imports {module}, and `dependencies` of pyproject.toml do not name {named}"


def _names(requirements: Iterable[str], *, with_extras: bool) -> set[str]:
    """Return the distributions that are required; a fake, which only tests and authors use, may need an extra."""
    found: set[str] = set()
    for text in requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if with_extras or "extra" not in str(requirement.marker):
            found.add(canonicalize_name(requirement.name))
    return found


def _is_own(top: str, project: Project) -> bool:
    """Tell whether a module is another one of the same distribution."""
    spec = find_spec(top) if project.folder else None
    origin = spec.origin if spec else None
    return bool(
        origin
        and project.folder
        and Path(origin).is_relative_to(project.folder)
        and "site-packages" not in Path(origin).parts
    )


RULE = Rule(
    id="W109-requirements",
    tier=Tier.BRONZE,
    title="Everything that the package imports is in its dependencies",
    why="It works on the author's machine, where another package brought the library, and fails on the operator's, "
    "where it takes the integration with it. What wren-core needs for itself may change with any version.",
    fix="Add the distribution to [project] dependencies, with bounds, or remove the import.",
    check=_check,
)
