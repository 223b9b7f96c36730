"""The distribution of an integration: its metadata, its README, and its folder in an editable install."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import importlib_metadata as metadata

_README_NAMES = ("README.md", "README.rst", "README.txt", "README")


@dataclass(frozen=True, kw_only=True)
class Project:
    """The metadata and files of an installed distribution."""

    name: str = ""
    version: str = ""
    summary: str = ""
    license: str = ""
    requires_python: str = ""
    requires: tuple[str, ...] = ()
    readme: str = ""
    folder: Path | None = None
    """The folder of its pyproject.toml; None where it was installed from a wheel."""
    exemptions: Mapping[str, Any] = field(default_factory=dict)
    """`[tool.wren.check] exempt` of its pyproject.toml, as written there."""

    @classmethod
    def installed(cls, name: str, *, folder: Path | None = None) -> "Project":
        """Read the metadata of an installed distribution.

        Args:
            name: the distribution.
            folder: the folder of its pyproject.toml; found automatically for an editable install (`pip install -e`).

        Raises:
            importlib_metadata.PackageNotFoundError: it is not installed.
        """
        found = metadata.distribution(name)
        about = found.metadata
        place = folder or _folder_of(found)
        configured = _read_pyproject(place)
        return cls(
            name=found.name,
            version=found.version,
            summary=about.get("Summary") or "",
            license=about.get("License-Expression") or about.get("License") or "",
            requires_python=about.get("Requires-Python") or "",
            requires=tuple(found.requires or ()),
            readme=_read_readme(place, configured) or about.get("Description") or "",
            folder=place,
            exemptions=configured.get("tool", {}).get("wren", {}).get("check", {}).get("exempt", {}),
        )


def _folder_of(distribution: metadata.IDistribution) -> Path | None:
    """Return the source folder of an editable install."""
    try:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
    except ValueError:
        return None
    address = urlsplit(str(origin.get("url", "")))
    if address.scheme != "file" or not origin.get("dir_info", {}).get("editable"):
        return None
    folder = Path(unquote(address.path))
    return folder if (folder / "pyproject.toml").is_file() else None


def _read_pyproject(folder: Path | None) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text("utf-8")) if folder else {}


def _read_readme(folder: Path | None, configured: Mapping[str, Any]) -> str:
    """Read the README in the source folder; the metadata hold that of the last installation."""
    if folder is None:
        return ""
    declared = configured.get("project", {}).get("readme")
    named = declared.get("file") if isinstance(declared, Mapping) else declared
    paths = (folder / str(name) for name in (named, *_README_NAMES) if name)
    return next((path.read_text("utf-8") for path in paths if path.is_file()), "")
