"""W207: the client library is imported when somebody connects."""

from collections.abc import Iterable, Iterator

import importlib_metadata as metadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from wren_core.testing.rules.rule import Finding, NotApplicable, Rule, Tier
from wren_core.testing.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    if subject.imported is None:
        raise NotApplicable("it was imported before anybody looked")
    imported = {module.partition(".")[0] for module in subject.imported.modules}
    for name in sorted(_names(subject.project.requires) - _names(metadata.requires("wren-core")) - {"wren-core"}):
        for package in sorted(_packages(name) & imported):
            message = f"importing it imports {package}, of {name}; import it in connect()"
            yield Finding(place=subject.imported.module, message=message)


def _names(requirements: Iterable[str] | None) -> set[str]:
    found: set[str] = set()
    for text in requirements or ():
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            continue
        if "extra" not in str(requirement.marker):
            found.add(canonicalize_name(requirement.name))
    return found


def _packages(distribution: str) -> set[str]:
    """Return the packages a distribution installs; its own name where it does not say."""
    try:
        files = metadata.files(distribution) or ()
    except metadata.PackageNotFoundError:
        files = ()
    tops = {str(path).partition("/")[0].removesuffix(".py") for path in files if str(path).endswith(".py")}
    return tops or {distribution.replace("-", "_")}


RULE = Rule(
    id="W207-clients",
    tier=Tier.SILVER,
    title="Importing it imports no client library",
    why="Hosts import every plugin to know what there is. A client library costs a hundred times the plugin itself, "
    "and most runs use none of it.",
    fix="Import it inside connect(), or in a module that only connect() imports.",
    check=_check,
)
