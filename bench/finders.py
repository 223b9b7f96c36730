"""One way to find plugins, timed in a separate process: `python -m bench.finders WAY FOLDER`.

Prints milliseconds and the number of plugins found. Each way imports its libraries before the clock starts, and only in
its own process, so that no library affects the measurement of another.
"""

import importlib.metadata
import logging
import os
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

GROUP = "wren.integrations"
Find = Callable[[], int]


def raw_scan() -> Find:
    """Read every entry_points.txt below sys.path: the minimum work."""
    return _scan


def metadata_names() -> Find:
    """Use the standard library."""
    return lambda: len({point.name for point in importlib.metadata.entry_points(group=GROUP)})


def wren_names() -> Find:
    """Get only names from Wren; imports no plugin."""
    from wren_core.plugins.discovery import integration_names

    return lambda: len(integration_names())


def pluggy_load() -> Find:
    """Load all plugins with pluggy's stock loader."""
    import pluggy

    from wren_core.contract import hookspecs, integration  # noqa: F401 - every plugin imports the contract

    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    return lambda: manager.load_setuptools_entrypoints(GROUP)


def wren_load() -> Find:
    """Load all plugins with Wren: one by one, with a time limit, with checks of all specs and schemas."""
    from wren_core.plugins.discovery import discover

    return lambda: len(discover().loaded)


def wren_catalogue() -> Find:
    """Start like a backend with unchanged plugins: definitions from the table, no plugin imported."""
    catalogue = _catalogue()

    def find() -> int:
        found = catalogue()
        if any(name.startswith("bench_plugin_") for name in sys.modules):
            raise RuntimeError("a plugin was imported")
        return found

    return find


def wren_first_start() -> Find:
    """Start like a new backend: every plugin is imported, and its definition stored."""
    return _catalogue()


def _catalogue() -> Find:
    import structlog

    from wren_backend.definitions.catalogue import open_catalogue
    from wren_backend.storage.database import open_database
    from wren_backend.storage.migration import migrate

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    database = open_database(f"sqlite:///{sys.argv[2]}/wren.db")
    migrate(database)
    return lambda: len(open_catalogue(database, now=datetime.now(UTC)))


WAYS: dict[str, Callable[[], Find]] = {
    "raw file scan": raw_scan,
    "importlib.metadata": metadata_names,
    "Wren, names": wren_names,
    "Wren, catalogue from the table": wren_catalogue,
    "pluggy's stock loader": pluggy_load,
    "Wren, discover": wren_load,
    "Wren, first start": wren_first_start,
}


def _scan() -> int:
    names = set()
    for folder in filter(os.path.isdir, sys.path):
        with os.scandir(folder) as entries:
            infos = [entry.path for entry in entries if entry.name.endswith(".dist-info")]
        for info in infos:
            path = Path(info, "entry_points.txt")
            if path.is_file():
                names.update(_names(path.read_text()))
    return len(names)


def _names(text: str) -> list[str]:
    _, _, rest = text.partition(f"[{GROUP}]")
    section = rest.partition("\n[")[0]
    return [line.partition("=")[0].strip() for line in section.splitlines() if "=" in line]


def main() -> None:
    """Time one way."""
    way, folder = sys.argv[1:]
    sys.path.append(folder)
    find = WAYS[way]()
    started = time.perf_counter()
    found = find()
    print((time.perf_counter() - started) * 1000, found)


if __name__ == "__main__":
    main()
