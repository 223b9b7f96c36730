"""An environment in which a plugin's folder counts as installed, although nobody installed it.

It lies over the environment of this process: what is installed there can be imported, the plugin comes first, and
nothing is built. Isolated interpreters (`-I`), which sandboxes use, see it too, as PYTHONPATH would not show it them.
"""

import json
import os
import re
import shutil
import sys
import sysconfig
import venv
from pathlib import Path

from wren.authoring.project import FAKES, Project, group_of

# Read at every start of the interpreter: the packages below this environment, those installed in place among them.
_UNDERLAY = "import site; site.PREFIXES.append({prefix!r}); site.addsitedir({packages!r})\n"


def make_overlay(folder: Path, project: Project) -> Path:
    """Make an environment for a plugin and return its interpreter."""
    venv.create(folder, with_pip=False, symlinks=os.name == "posix")
    packages = _site_packages(folder)
    underlay = _UNDERLAY.format(prefix=sys.prefix, packages=sysconfig.get_path("purelib"))
    (packages / "wren-dev-underlay.pth").write_text(underlay, encoding="utf-8")
    install(folder, project)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install(folder: Path, project: Project) -> None:
    """Write what an installation in place would write, anew after every change of the metadata."""
    packages = _site_packages(folder)
    (packages / "wren-dev-plugin.pth").write_text(f"{project.source}\n", encoding="utf-8")
    for earlier in packages.glob("*.dist-info"):
        shutil.rmtree(earlier)
    record = packages / f"{re.sub('[-_.]+', '_', project.name)}-{project.version}.dist-info"
    record.mkdir()
    fields = {"Metadata-Version": "2.4", "Name": project.name, "Version": project.version, **project.headers}
    lines = [*fields.items(), *(("Requires-Dist", requirement) for requirement in project.requirements)]
    origin = {"url": project.folder.as_uri(), "dir_info": {"editable": True}}
    (record / "METADATA").write_text("".join(f"{name}: {value}\n" for name, value in lines), encoding="utf-8")
    (record / "direct_url.json").write_text(json.dumps(origin), encoding="utf-8")
    (record / "entry_points.txt").write_text(_entry_points(project), encoding="utf-8")
    (record / "INSTALLER").write_text("wren\n", encoding="utf-8")


def _entry_points(project: Project) -> str:
    groups: dict[str, list[str]] = {FAKES: [f"{name} = {value}" for name, value in project.fakes.items()]}
    for name, value in project.integrations.items():
        groups.setdefault(group_of(value), []).append(f"{name} = {value}")
    return "".join("\n".join([f"[{group}]", *lines, "", ""]) for group, lines in groups.items())


def _site_packages(folder: Path) -> Path:
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
