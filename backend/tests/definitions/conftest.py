"""Plugins installed into a folder of the test's own, and what was imported of them."""

import importlib
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from wren_backend.definitions.catalogue import open_catalogue
from wren_backend.storage.database import Database
from wren_backend.testing import NOW
from wren_core.plugins.policy import PluginPolicy
from wren_core.plugins.registry import Registry

_SOURCE = '''
from wren_core import Integration, IntegrationSpec, method

{first}

class {title}(Integration):
    """Answer with a word."""

    spec = IntegrationSpec(name="{name}", display_name="{title}", type="{kind}")

    @method
    def {method}(self, zeal: int, also: str = "x") -> str:
        """Answer."""
        return "{name} works"
'''


@dataclass(frozen=True, kw_only=True)
class Site:
    """A folder of installed distributions; nothing else is let in."""

    folder: Path
    database: Database
    distributions: set[str] = field(default_factory=set)

    def source(self, name: str, *, first: str = "", method: str = "answer", kind: str = "documents") -> str:
        """Return the module of an integration."""
        return _SOURCE.format(name=name, title=name.title(), first=first, method=method, kind=kind)

    def install(self, name: str, source: str | None = None, *, by: str = "", version: str = "1.0") -> None:
        """Install a distribution of one integration; the version before it goes."""
        distribution = by or f"acme-{name}"
        module = distribution.replace("-", "_")
        self.uninstall(distribution)
        info = self.folder / f"{module}-{version}.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text(f"[wren.integrations]\n{name} = {module}:{name.title()}\n")
        (self.folder / f"{module}.py").write_text(self.source(name) if source is None else source)
        self.distributions.add(distribution)
        importlib.invalidate_caches()

    def uninstall(self, distribution: str) -> None:
        """Take a distribution away."""
        module = distribution.replace("-", "_")
        for info in self.folder.glob(f"{module}-*.dist-info"):
            shutil.rmtree(info)
        (self.folder / f"{module}.py").unlink(missing_ok=True)
        shutil.rmtree(self.folder / "__pycache__", ignore_errors=True)

    def boot(self, **policy: object) -> Registry:
        """Open the catalogue the way a new process does: with nothing imported."""
        self.forget()
        return self.open(**policy)

    def forget(self) -> None:
        """Take what is imported out of this process; not while another thread imports it."""
        for module in self.imported():
            del sys.modules[module]

    def open(self, **policy: object) -> Registry:
        """Open the catalogue with what is imported already."""
        rules = {"allow": frozenset(self.distributions | {"ledger", "nobody-else"}), **policy}
        return open_catalogue(self.database, now=NOW, policy=PluginPolicy(**rules))

    def imported(self) -> list[str]:
        """List the modules of the folder that are imported."""
        return sorted(
            name
            for name, module in sys.modules.items()
            if str(getattr(module, "__file__", None)).startswith(str(self.folder))
        )


@pytest.fixture
def site(tmp_path: Path, database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A folder for plugins, and an empty table of definitions."""
    made = Site(folder=tmp_path / "site", database=database)
    made.folder.mkdir()
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(str(made.folder))
    yield made
    made.forget()
