"""A virtual environment in which a plugin's folder counts as installed, without being installed.

It extends the environment of this process: everything installed there can be imported, the plugin comes first, and
nothing is built. It also works for isolated interpreters (`-I`), which sandboxes use and which ignore PYTHONPATH.
"""

import json
import os
import re
import shutil
import sys
import sysconfig
import venv
from pathlib import Path

from wren.authoring.project import FAKES, PluginProject, entry_point_group

# Read at every start of the interpreter: the packages below this environment, those installed in place among them.
_UNDERLAY = "import site; site.PREFIXES.append({prefix!r}); site.addsitedir({packages!r})\n"


def make_environment(folder: Path, project: PluginProject) -> Path:
    """Make an environment for a plugin and return its interpreter."""
    venv.create(folder, with_pip=False, symlinks=os.name == "posix")
    packages = _find_site_packages(folder)
    underlay = _UNDERLAY.format(prefix=sys.prefix, packages=sysconfig.get_path("purelib"))
    (packages / "wren-dev-underlay.pth").write_text(underlay, encoding="utf-8")
    install_project(folder, project)
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install_project(folder: Path, project: PluginProject) -> None:
    """Write the records of an editable installation; again after every change of the metadata."""
    packages = _find_site_packages(folder)
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
    (record / "entry_points.txt").write_text(_format_entry_points(project), encoding="utf-8")
    (record / "INSTALLER").write_text("wren\n", encoding="utf-8")


def _format_entry_points(project: PluginProject) -> str:
    groups: dict[str, list[str]] = {FAKES: [f"{name} = {value}" for name, value in project.fakes.items()]}
    for name, value in project.integrations.items():
        groups.setdefault(entry_point_group(value), []).append(f"{name} = {value}")
    return "".join("\n".join([f"[{group}]", *lines, "", ""]) for group, lines in groups.items())


def _find_site_packages(folder: Path) -> Path:
    return Path(sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)}))
