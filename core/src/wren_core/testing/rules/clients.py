"""W207: the client library is imported by `connect()`, not with the integration."""

from collections.abc import Iterable, Iterator

import importlib_metadata as metadata
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from wren_core.testing.rules.rule import Finding, Rule, Tier, Unproved
from wren_core.testing.target import CheckTarget


def _check(target: CheckTarget) -> Iterator[Finding]:
    if target.imported is None:
        raise Unproved("it was imported before the check began")
    imported = {module.partition(".")[0] for module in target.imported.modules}
    for name in sorted(_names(target.project.requires) - _names(metadata.requires("wren-core")) - {"wren-core"}):
        for package in sorted(_packages(name) & imported):
            message = f"its import also imports {package} (of {name}); import that in connect()"
            yield Finding(place=target.imported.module, message=message)


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
    """Return the packages a distribution installs; its own name where its files are unknown."""
    try:
        files = metadata.files(distribution) or ()
    except metadata.PackageNotFoundError:
        files = ()
    tops = {str(path).partition("/")[0].removesuffix(".py") for path in files if str(path).endswith(".py")}
    return tops or {distribution.replace("-", "_")}


RULE = Rule(
    id="W207-clients",
    tier=Tier.SILVER,
    title="Importing the integration imports no client library",
    why="Hosts import every plugin to list it. A client library takes a hundred times as long as the plugin, and most "
    "runs never use it.",
    fix="Import the library inside connect(), or in a module that only connect() imports.",
    check=_check,
)
