"""The last release: the definitions a new release is compared with.

It is named by the caller, or searched in this order: the newest tag `v1.2.3` of the repository, the package index and,
where the index cannot be reached, a wheel in `dist/`. Only versions below the new one count, so that a fix of an older
line is compared with that line; and the new one itself, where it was released from another state of the files.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from wren.authoring import git_repository
from wren.authoring.definitions import (
    DefinitionUnreadable,
    load_definitions,
    load_project_definitions,
    read_definitions,
)
from wren.authoring.package_index import IndexUnreachable, download_wheel
from wren.authoring.project import PluginProject, read_project
from wren.authoring.versions import VersionInvalid, parse_version
from wren.authoring.wheels import Wheel, WheelInvalid, read_wheel
from wren_core.contract.definition import IntegrationDefinition
from wren_core.errors import AgentFixableError

NONE = "none"
LAST = "last"


class ReleaseUnknown(AgentFixableError):
    """The last release cannot be found."""

    code = "RELEASE_UNKNOWN"


@dataclass(frozen=True, kw_only=True)
class Release:
    """A released version."""

    version: Version
    origin: str
    """Where it was found, for people."""
    definitions: Mapping[str, IntegrationDefinition]


def find_release(project: PluginProject, against: str = LAST) -> Release | None:
    """Return the release to compare with; None where there is none before.

    Args:
        project: the plugin.
        against: `last`, `none`, a version, a wheel, or a JSON file of definitions.

    Raises:
        ReleaseUnknown: it is not there, or the package index cannot be reached.
        DefinitionUnreadable: it cannot be loaded.
    """
    if against == NONE:
        return None
    if against == LAST:
        return _find_last(project)
    path = Path(against)
    if path.suffix == ".json":
        return _read_json(path)
    return (
        _load_wheel(project, read_wheel(path))
        if path.suffix == ".whl"
        else _find_version(project, parse_version(against))
    )


def find_newest(versions: Iterable[Version], *, below: Version) -> Version | None:
    """Return the newest version below another; a candidate such as 2.0.0rc1 only where nothing else was released."""
    older = sorted(version for version in versions if version < below)
    final = [version for version in older if not version.is_prerelease]
    return next(iter([*final[-1:], *older[-1:]]), None)


def _find_last(project: PluginProject) -> Release | None:
    current = parse_version(project.version)
    tags = git_repository.list_tagged_versions(project.folder)
    if current in tags and not _is_unchanged(project, tags[current]):
        return _read_tag(project, current, tags[current])
    tagged = find_newest(tags, below=current)
    if tagged is not None:
        return _read_tag(project, tagged, tags[tagged])
    if later := [version for version in tags if version > current]:
        raise VersionInvalid(f"{max(later)} is released already, and {current} comes before every released version")
    try:
        return _download(project, f"{project.name}<{current}")
    except IndexUnreachable as exc:
        built = {wheel.version: wheel for wheel in _list_built_wheels(project)}
        last = find_newest(built, below=current)
        if last is None:
            hint = "say what to compare with: --against WHEEL, or --against none for a first release"
            raise ReleaseUnknown(f"no tag and no older wheel in dist/ was found, and {exc}; {hint}") from exc
        return _load_wheel(project, built[last])


def _is_unchanged(project: PluginProject, tag: str) -> bool:
    """Tell whether the files are those of a tag."""
    folder = project.folder
    return git_repository.is_head(folder, tag) and not git_repository.list_uncommitted(folder)


def _find_version(project: PluginProject, version: Version) -> Release:
    tags = git_repository.list_tagged_versions(project.folder)
    if version in tags:
        return _read_tag(project, version, tags[version])
    for wheel in _list_built_wheels(project):
        if wheel.version == version:
            return _load_wheel(project, wheel)
    try:
        found = _download(project, f"{project.name}=={version}")
    except IndexUnreachable as exc:
        raise ReleaseUnknown(f"there is no tag and no wheel in dist/ for {version}, and {exc}") from exc
    if found is None:
        raise ReleaseUnknown(
            f"{project.name} {version} is not found: no tag, no wheel in dist/, not in the package index"
        )
    return found


def _list_built_wheels(project: PluginProject) -> list[Wheel]:
    found = []
    for file in sorted((project.folder / "dist").glob("*.whl")):
        try:
            found.append(read_wheel(file))
        except WheelInvalid:
            continue  # not a wheel of a plugin
    return [wheel for wheel in found if canonicalize_name(wheel.name) == canonicalize_name(project.name)]


def _download(project: PluginProject, requirement: str) -> Release | None:
    with tempfile.TemporaryDirectory(prefix="wren-release-") as folder:
        file = download_wheel(requirement, Path(folder))
        return _load_wheel(project, read_wheel(file), origin="the package index") if file else None


def _read_tag(project: PluginProject, version: Version, tag: str) -> Release:
    with tempfile.TemporaryDirectory(prefix="wren-release-") as folder:
        git_repository.export_tag(project.folder, tag, Path(folder))
        definitions = load_project_definitions(read_project(Path(folder)))
    return Release(version=version, origin=f"tag {tag}", definitions=definitions)


def _load_wheel(project: PluginProject, wheel: Wheel, *, origin: str | None = None) -> Release:
    if canonicalize_name(wheel.name) != canonicalize_name(project.name):
        raise ReleaseUnknown(f"{wheel.file} is a wheel of {wheel.name}, not of {project.name}")
    with tempfile.TemporaryDirectory(prefix="wren-release-") as folder:
        wheel.unpack(Path(folder))
        described = load_definitions(Path(folder), wheel.points)
    if described.failed:
        name, reason = next(iter(described.failed.items()))
        raise DefinitionUnreadable(f"{name} cannot be loaded from {wheel.file.name}: {reason}")
    return Release(version=wheel.version, origin=origin or str(wheel.file.name), definitions=described.definitions)


def _read_json(file: Path) -> Release:
    definitions = read_definitions(file)
    versions = {parse_version(item.version) for item in definitions.values() if item.version}
    if not versions:
        raise ReleaseUnknown(f"{file} names no version; add the field `version`")
    return Release(version=max(versions), origin=file.name, definitions=definitions)
