"""One way to find plugins, timed in a process of its own: `python -m bench.finders WAY FOLDER`.

Prints milliseconds and how many plugins were found; imports that a program makes anyway are not counted.
"""

import importlib.metadata
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pluggy

from wren_core import hookspecs
from wren_core.discovery import GROUP, discover, integration_names


def raw_scan() -> int:
    """Read every entry_points.txt below sys.path: the least that must be done."""
    names = set()
    for folder in filter(os.path.isdir, sys.path):
        with os.scandir(folder) as entries:
            infos = [entry.path for entry in entries if entry.name.endswith(".dist-info")]
        for info in infos:
            path = Path(info, "entry_points.txt")
            if path.is_file():
                names.update(_names(path.read_text()))
    return len(names)


def metadata_names() -> int:
    """Ask the standard library."""
    return len({point.name for point in importlib.metadata.entry_points(group=GROUP)})


def wren_names() -> int:
    """Ask Wren for names; imports no plugin."""
    return len(integration_names())


def pluggy_load() -> int:
    """Load everything with pluggy's stock loader."""
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return manager.load_setuptools_entrypoints(GROUP)


def wren_load() -> int:
    """Load everything with Wren: one by one, with a time limit, every declaration and schema checked."""
    return len(discover().loaded)


WAYS: dict[str, Callable[[], int]] = {
    "raw file scan": raw_scan,
    "importlib.metadata": metadata_names,
    "Wren, names": wren_names,
    "pluggy's stock loader": pluggy_load,
    "Wren, discover": wren_load,
}


def _names(text: str) -> list[str]:
    _, _, rest = text.partition(f"[{GROUP}]")
    section = rest.partition("\n[")[0]
    return [line.partition("=")[0].strip() for line in section.splitlines() if "=" in line]


def main() -> None:
    """Time one way."""
    way, folder = sys.argv[1:]
    sys.path.append(folder)
    started = time.perf_counter()
    found = WAYS[way]()
    print((time.perf_counter() - started) * 1000, found)


if __name__ == "__main__":
    main()
