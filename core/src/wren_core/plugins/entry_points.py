"""Read the entry points of some groups fast, without parsing those of other groups and projects.

`importlib_metadata` finds distributions wherever they can be. Most are folders next to the code, where this scan takes
half the time, and a server with a thousand plugins does it at each start. It leaves unusual cases to the library:
archives, eggs, other finders, a project that is there twice, a file that cannot be read.
"""

import os
import re
import sys
from collections.abc import Iterator

from importlib_metadata import Distribution, EntryPoint

DEFINITIONS_GROUP = "wren.definitions"
"""Entry points of integrations that are definitions: `name = "package:definition.json"`."""

_LEGACY = (".egg-info", ".egg", "egg-info")


class _UnusualError(Exception):
    """A case that only the library handles."""


def quick_entry_points(*groups: str) -> list[EntryPoint] | None:
    """Return the entry points of some groups, unsorted; None for a case that only `importlib_metadata` handles."""
    if any(type(finder).__module__ != "importlib_metadata" for finder in sys.meta_path if _finds(finder)):
        return None
    try:
        return [point for folder in _metadata_folders() for point in _read(folder, groups)]
    except (_UnusualError, OSError, UnicodeDecodeError):
        return None


def _finds(finder: object) -> bool:
    return hasattr(finder, "find_distributions")


def _metadata_folders() -> Iterator[str]:
    seen: set[str] = set()
    for place in dict.fromkeys(entry or os.curdir for entry in sys.path):
        for name in _names_in(place):
            low = name.lower()
            if low.endswith(_LEGACY):
                raise _UnusualError
            if low.endswith(".dist-info"):
                project = re.sub(r"[-_.]+", "_", low.removesuffix(".dist-info").partition("-")[0])
                if project in seen:
                    raise _UnusualError
                seen.add(project)
                yield f"{place}{os.sep}{name}"


def _names_in(place: str) -> list[str]:
    try:
        return os.listdir(place)  # noqa: PTH208 - only names are needed, of thousands of files
    except FileNotFoundError:
        return []  # Python ignores it, too
    except NotADirectoryError:
        raise _UnusualError from None


def _read(folder: str, groups: tuple[str, ...]) -> Iterator[EntryPoint]:
    try:
        with open(f"{folder}{os.sep}entry_points.txt", "rb") as file:  # noqa: PTH123 - a Path costs as much as reading
            content = file.read()
    except FileNotFoundError:
        return
    if not any(group.encode() in content for group in groups):
        return
    section = ""
    for line in map(str.strip, content.decode().splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            name, equals, value = line.partition("=")
            if not equals:
                raise _UnusualError
            if section in groups:
                yield _entry_point(name.strip(), value.strip(), section, folder)


def _entry_point(name: str, value: str, group: str, folder: str) -> EntryPoint:
    point = EntryPoint(name, value, group)
    vars(point)["dist"] = Distribution.at(folder)  # an EntryPoint refuses assignments
    return point
