"""The fingerprint of an installed plugin, to detect a change without importing it.

A fingerprint covers the distribution's name and version, the times of its dist-info folder and metadata, those of the
module or data its entry point names, and for an editable install those of all its sources. The contract and pydantic,
which derive schemas from a plugin's code, count too.
"""

import json
import os
import sys
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

import importlib_metadata as metadata
from importlib_metadata import EntryPoint, IDistribution

from wren_core.plugins.entry_points import DEFINITIONS_GROUP

_SOURCES = (".py", ".toml", ".json", ".yaml", ".yml")
_PASSED_OVER = frozenset({"__pycache__", "node_modules", "build", "dist"})
_GROUND = {"wren-core": "wren_core", "pydantic": "pydantic"}


class Fingerprints:
    """Fingerprints at one moment; create a new object for a later moment."""

    def __init__(self) -> None:
        self._sources: dict[str, str] = {}

    def of(self, point: EntryPoint) -> str:
        """Return the fingerprint of one entry point: 64 characters."""
        folder = _folder(point.dist)
        if folder is None:
            seen = (point.dist.read_text("METADATA") or "") if point.dist is not None else ""
        else:
            module, _, name = (part.strip() for part in point.value.partition(":"))
            seen = self._read_stamps(folder, module, data=name if point.group == DEFINITIONS_GROUP else "")
        text = f"{self._ground}\n{point.name} = {point.value}\n{seen}"
        return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def _read_stamps(self, folder: str, module: str, *, data: str = "") -> str:
        """Return the stamps of one entry point: few, since a server reads those of a thousand plugins at each start."""
        site, _, name = folder.rpartition(os.sep)
        path = f"{site}{os.sep}{module.replace('.', os.sep)}"
        code = _stamp(f"{path}.py") or _stamp(f"{path}{os.sep}__init__.py") or self._elsewhere(folder)
        # An installer recreates the folder, so its time changes with every installation.
        declared = f" {_stamp(f'{path}{os.sep}{data}')}" if data else ""
        return f"{name} {_stamp(folder)} {_stamp(f'{folder}{os.sep}METADATA')} {code}{declared}"

    def _elsewhere(self, folder: str) -> str:
        if folder not in self._sources:
            sources = _editable_folder(Path(folder, "direct_url.json"))
            stamps = (f"{path} {_stamp(path)}" for path in _source_files(sources)) if sources else ()
            self._sources[folder] = "\n".join(stamps)
        return self._sources[folder]

    @cached_property
    def _ground(self) -> str:
        folders = (_folder(metadata.distribution(name)) for name in _GROUND)
        seen = (
            self._read_stamps(folder, name) for folder, name in zip(folders, _GROUND.values(), strict=True) if folder
        )
        text = "\n".join([sys.version, *seen])  # long where the contract is an editable install, so hashed once
        return sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def _folder(distribution: IDistribution | None) -> str | None:
    """Return the dist-info folder; None where the distribution is in an archive or nowhere."""
    path = getattr(distribution, "_path", None)
    return str(path) if isinstance(path, Path) else None


def _editable_folder(direct_url: Path) -> Path | None:
    """Return the folder an editable install reads its code from (PEP 610); None for any other install."""
    try:
        origin = json.loads(direct_url.read_text(encoding="utf-8"))
        is_editable = origin["dir_info"]["editable"] is True
        return Path(url2pathname(urlsplit(origin["url"]).path)) if is_editable else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _source_files(folder: Path) -> Iterator[str]:
    for place, folders, files in os.walk(folder):
        # Hidden folders, environments and the caches of tools are not sources, and may be huge.
        folders[:] = sorted(name for name in folders if not _is_passed_over(Path(place), name))
        yield from (f"{place}{os.sep}{name}" for name in sorted(files) if name.endswith(_SOURCES))


def _is_passed_over(place: Path, name: str) -> bool:
    return name.startswith(".") or name in _PASSED_OVER or (place / name / "pyvenv.cfg").exists()


def _stamp(path: str) -> str:
    """Return a file's time and size; empty where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path for each of three thousand files costs more than the call
    except (OSError, ValueError):
        return ""
    return f"{found.st_mtime_ns} {found.st_size}"
