"""A separate environment with distributions that a test writes, as if published by a third party and installed by an
operator, without a build and without a registry.

It is layered over the environment of the tests: packages installed there can be imported, and packages installed here
are removed with the test.
"""

import os
import shutil
import sys
import sysconfig
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

# Read at start, also by an isolated interpreter (-I) as in the sandbox.
_UNDERLAY = "import site; site.PREFIXES.append({prefix!r}); site.addsitedir({packages!r})\n"


@dataclass(frozen=True, kw_only=True)
class Environment:
    """An interpreter and its installed distributions."""

    folder: Path

    @property
    def python(self) -> str:
        """The interpreter."""
        return str(self.folder / "bin" / "python")

    @property
    def site_packages(self) -> Path:
        """The site-packages folder."""
        place = sysconfig.get_path("purelib", "venv", {"base": str(self.folder), "platbase": str(self.folder)})
        return Path(place)

    def install(
        self, name: str, source: str, *, offers: str, version: str = "1.0", requires: Sequence[str] = ()
    ) -> None:
        """Install a distribution with one module and an integration.

        Args:
            name: name of the distribution; the module has underscores instead of dashes.
            source: source of the module.
            offers: the entry point: `integration = Class`.
            version: version of the distribution.
            requires: requirements in its metadata.
        """
        module = name.replace("-", "_")
        integration, class_name = offers.split(" = ")
        metadata = self.site_packages / f"{module}-{version}.dist-info"
        metadata.mkdir(parents=True)
        needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}")
        entry = f"[wren.integrations]\n{integration} = {module}:{class_name}\n"
        (metadata / "entry_points.txt").write_text(entry)
        (metadata / "INSTALLER").write_text("pip\n")
        (self.site_packages / f"{module}.py").write_text(source)

    def uninstall(self, name: str) -> None:
        """Remove a distribution that `install` installed."""
        module = name.replace("-", "_")
        for metadata in self.site_packages.glob(f"{module}-*.dist-info"):
            shutil.rmtree(metadata)
        (self.site_packages / f"{module}.py").unlink()

    def run_at_start(self, name: str, source: str) -> None:
        """Make every process of the interpreter run this code first, including isolated child processes."""
        (self.site_packages / f"{name}.py").write_text(source)
        (self.site_packages / f"{name}.pth").write_text(f"import {name}\n")


def environment(folder: Path) -> Environment:
    """Create an environment in `folder`."""
    venv.create(folder, with_pip=False, symlinks=os.name == "posix")
    made = Environment(folder=folder)
    underlay = _UNDERLAY.format(prefix=sys.prefix, packages=sysconfig.get_path("purelib"))
    (made.site_packages / "underlay.pth").write_text(underlay)
    return made
