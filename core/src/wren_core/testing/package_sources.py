"""The Python files of an integration's package."""

import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from wren_core.contract.integration import Integration


def iter_sources(integration: type[Integration]) -> Iterator[Path]:
    """Yield the modules of the integration's package; of a package without an `__init__.py`, the integration's own."""
    package = sys.modules.get(integration.__module__.partition(".")[0])
    file = getattr(package, "__file__", None)
    if file is not None and Path(file).name == "__init__.py":
        yield from sorted(Path(file).parent.rglob("*.py"))
    else:
        yield Path(inspect.getfile(integration))
