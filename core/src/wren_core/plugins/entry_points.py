"""The entry points of one group, read without parsing what other groups and other projects declare.

`importlib_metadata` finds distributions wherever they can be; most are folders beside the code, where a scan takes half
the time, and a thousand plugins are looked for before a server starts. Whatever is out of the ordinary is left to it:
archives, eggs, finders of somebody's own, a project that is there twice, a file that cannot be read.
"""

import os
import re
import sys
from collections.abc import Iterator

from importlib_metadata import Distribution, EntryPoint

DEFINITIONS_GROUP = "wren.definitions"
"""Of integrations that are data: `name = "package:definition.json"`."""

_LEGACY = (".egg-info", ".egg", "egg-info")


class _OutOfTheOrdinaryError(Exception):
    """Only the library can answer."""


def quick_entry_points(*groups: str) -> list[EntryPoint] | None:
    """Return the entry points of some groups in no order, or None where only `importlib_metadata` can tell."""
    if any(type(finder).__module__ != "importlib_metadata" for finder in sys.meta_path if _finds(finder)):
        return None
    try:
        return [point for folder in _metadata_folders() for point in _read(folder, groups)]
    except (_OutOfTheOrdinaryError, OSError, UnicodeDecodeError):
        return None


def _finds(finder: object) -> bool:
    return hasattr(finder, "find_distributions")


def _metadata_folders() -> Iterator[str]:
    seen: set[str] = set()
    for place in dict.fromkeys(entry or os.curdir for entry in sys.path):
        for name in _names_in(place):
            low = name.lower()
            if low.endswith(_LEGACY):
                raise _OutOfTheOrdinaryError
            if low.endswith(".dist-info"):
                project = re.sub(r"[-_.]+", "_", low.removesuffix(".dist-info").partition("-")[0])
                if project in seen:
                    raise _OutOfTheOrdinaryError
                seen.add(project)
                yield f"{place}{os.sep}{name}"


def _names_in(place: str) -> list[str]:
    try:
        return os.listdir(place)  # noqa: PTH208 - names are all that is needed, of thousands of files
    except FileNotFoundError:
        return []  # Python does not mind either
    except NotADirectoryError:
        raise _OutOfTheOrdinaryError from None


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
                raise _OutOfTheOrdinaryError
            if section in groups:
                yield _entry_point(name.strip(), value.strip(), section, folder)


def _entry_point(name: str, value: str, group: str, folder: str) -> EntryPoint:
    point = EntryPoint(name, value, group)
    vars(point)["dist"] = Distribution.at(folder)  # it cannot be assigned to
    return point
