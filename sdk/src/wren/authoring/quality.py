"""`wren plugin check`: the installed integrations to check, and their reports."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importlib_metadata import EntryPoint
from packaging.utils import canonicalize_name

from wren.authoring.project import PluginProject, read_project
from wren_core.errors import AgentFixableError
from wren_core.plugins.discovery import find_entry_points
from wren_core.testing.checking import check_installed
from wren_core.testing.project import Project as InstalledProject
from wren_core.testing.rules.rule import Tier


class PluginNotInstalled(AgentFixableError):
    """The plugin to check is not installed here, or another version of it is."""

    code = "PLUGIN_NOT_INSTALLED"


@dataclass(frozen=True, kw_only=True)
class PluginQuality:
    """The reports about the integrations of one distribution."""

    reports: tuple[dict[str, Any], ...]
    wanted: Tier

    @property
    def tier(self) -> Tier | None:
        """The lowest tier any of them reached; None below bronze."""
        tiers = [Tier[report["tier"].upper()] if report["tier"] else None for report in self.reports]
        return None if None in tiers else min(tier for tier in tiers if tier is not None)

    @property
    def is_ok(self) -> bool:
        """Whether all reached the wanted tier."""
        return self.tier is not None and self.tier >= self.wanted


def check_plugin(target: str, *, wanted: Tier = Tier.BRONZE) -> PluginQuality:
    """Check the integrations of a plugin.

    Args:
        target: a plugin's folder, the name of an installed integration, or that of its distribution.
        wanted: the tier to reach.

    Raises:
        PluginNotInstalled: says how to install it.
        ProjectInvalid: the folder holds no plugin.
        WrenError: the check could not be completed.
    """
    if Path(target).is_dir():
        project = read_project(Path(target))
        for name, value in project.integrations.items():
            _check_installed(project, name, value)
        reports = [check_installed(name, folder=project.folder) for name in project.integrations]
    else:
        reports = [check_installed(name) for name in _find_names(target)]
    return PluginQuality(reports=tuple(reports), wanted=wanted)


def _find_names(target: str) -> list[str]:
    points = find_entry_points()
    found = [point.name for point in points if target in (point.name, _distribution_of(point))]
    if not found:
        known = ", ".join(sorted({point.name for point in points})) or "none"
        raise PluginNotInstalled(f"no integration or distribution {target!r} is installed here; there are: {known}")
    return list(dict.fromkeys(found))


def _check_installed(project: PluginProject, name: str, value: str) -> None:
    how = f"run `pip install -e '.[test]'` in {project.folder}"
    points = [point for point in find_entry_points() if point.name == name]
    own = [point for point in points if _distribution_of(point) == canonicalize_name(project.name)]
    if not own:
        raise PluginNotInstalled(f"{project.name} is not installed here with an integration {name!r}; {how}")
    if own[0].value != value:
        raise PluginNotInstalled(f"{project.name} was installed with {name!r} as {own[0].value}, not {value}; {how}")
    folder = InstalledProject.installed(project.name).folder
    if folder is not None and folder.resolve() != project.folder:
        raise PluginNotInstalled(f"the installed {project.name} is the one in {folder}; {how}")


def _distribution_of(point: EntryPoint) -> str:
    return canonicalize_name(point.dist.name) if point.dist is not None else ""
