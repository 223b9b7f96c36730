"""The pyproject.toml of a plugin's folder, read without building or importing anything."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wren_core.errors import AgentFixableError
from wren_core.plugins.discovery import GROUP
from wren_core.plugins.entry_points import DEFINITIONS_GROUP

FAKES = "wren.fakes"
"""Entry-point group of the fake providers."""
_HEADERS = {"description": "Summary", "license": "License-Expression", "requires-python": "Requires-Python"}


class ProjectInvalid(AgentFixableError):
    """The folder holds no plugin, or its metadata cannot be read."""

    code = "PLUGIN_PROJECT_INVALID"


@dataclass(frozen=True, kw_only=True)
class PluginProject:
    """The distribution in a folder."""

    folder: Path
    name: str
    version: str
    requirements: tuple[str, ...]
    integrations: Mapping[str, str]
    """Name -> `module:Class`, or `package:definition.json` where there is no code."""
    fakes: Mapping[str, str]
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further metadata of an installation, by their names there."""

    @property
    def source(self) -> Path:
        """The folder for the import path."""
        source = self.folder / "src"
        return source if source.is_dir() else self.folder


def read_project(folder: Path) -> PluginProject:
    """Read the plugin in a folder.

    Raises:
        ProjectInvalid: there is none, or its metadata are incomplete; the message says what to write.
    """
    file = folder / "pyproject.toml"
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError:
        raise ProjectInvalid(
            f"{file} does not exist; name a plugin's folder, or make one with `wren plugin new`"
        ) from None
    except ValueError as exc:
        raise ProjectInvalid(f"{file}: {exc}") from None
    try:
        return _parse_project(folder.resolve(), document["project"])
    except (KeyError, TypeError, AttributeError) as exc:
        raise ProjectInvalid(f"{file}: [project] needs name, version and entry points: {exc}") from None


def entry_point_group(value: str) -> str:
    """Return the entry-point group in which an integration is offered by this value."""
    return DEFINITIONS_GROUP if value.endswith(".json") else GROUP


def _parse_project(folder: Path, metadata: Mapping[str, Any]) -> PluginProject:
    if "version" in metadata.get("dynamic", ()):
        raise ProjectInvalid(f"{folder / 'pyproject.toml'}: give a static version; a dynamic one cannot be compared")
    points = metadata.get("entry-points", {})
    integrations = {**points.get(DEFINITIONS_GROUP, {}), **points.get(GROUP, {})}
    if not integrations:
        raise ProjectInvalid(f'{folder / "pyproject.toml"} offers no integration in [project.entry-points."{GROUP}"]')
    return PluginProject(
        folder=folder,
        name=metadata["name"],
        version=metadata["version"],
        requirements=tuple(metadata.get("dependencies", ())),
        integrations=integrations,
        fakes=dict(points.get(FAKES, {})),
        headers={header: metadata[key] for key, header in _HEADERS.items() if isinstance(metadata.get(key), str)},
    )
