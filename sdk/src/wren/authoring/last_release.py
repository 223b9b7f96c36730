"""What was released before: the definitions a new release is compared with, wherever they can be found.

Asked for by name, or looked for in this order: the newest tag `v1.2.3` of the repository, the package index and, where
that cannot be asked, a wheel in `dist/`. Only versions below the one to be released count, so that a fix of an older
line is compared with that line.
"""

import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from wren.authoring import git_repository
from wren.authoring.definitions import DefinitionUnreadable, definitions_of, describe, read_definitions
from wren.authoring.package_index import IndexUnreachable, download_wheel
from wren.authoring.project import Project, read_project
from wren.authoring.versions import VersionInvalid, parse
from wren.authoring.wheels import Wheel, WheelInvalid, read_wheel
from wren_core.contract.definition import IntegrationDefinition
from wren_core.errors import AgentFixableError

NONE = "none"
LAST = "last"


class ReleaseUnknown(AgentFixableError):
    """Nobody could say what was released before."""

    code = "RELEASE_UNKNOWN"


@dataclass(frozen=True, kw_only=True)
class Release:
    """A released version."""

    version: Version
    origin: str
    """Where it was found, for the reader."""
    definitions: Mapping[str, IntegrationDefinition]


def find_release(project: Project, against: str = LAST) -> Release | None:
    """Return the release to compare with; None where there is none before.

    Args:
        project: the plugin.
        against: `last`, `none`, a version, a wheel, or a JSON file of definitions.

    Raises:
        ReleaseUnknown: it is not there, or nobody could be asked.
        DefinitionUnreadable: it is there and cannot be loaded.
    """
    if against == NONE:
        return None
    if against == LAST:
        return _last(project)
    path = Path(against)
    if path.suffix == ".json":
        return _from_json(path)
    return _from_wheel(project, read_wheel(path)) if path.suffix == ".whl" else _of_version(project, parse(against))


def newest(versions: Iterable[Version], *, below: Version) -> Version | None:
    """Return the newest version below another; a candidate such as 2.0.0rc1 only where nothing else was released."""
    older = sorted(version for version in versions if version < below)
    final = [version for version in older if not version.is_prerelease]
    return next(iter([*final[-1:], *older[-1:]]), None)


def _last(project: Project) -> Release | None:
    current = parse(project.version)
    tags = git_repository.tagged_versions(project.folder)
    tagged = newest(tags, below=current)
    if tagged is not None:
        return _from_tag(project, tagged, tags[tagged])
    if later := [version for version in tags if version > current]:
        raise VersionInvalid(f"{max(later)} is released already, and {current} would come before all of it")
    try:
        return _downloaded(project, f"{project.name}<{current}")
    except IndexUnreachable as exc:
        built = {wheel.version: wheel for wheel in _built(project)}
        last = newest(built, below=current)
        if last is None:
            hint = "say what to compare with: --against WHEEL, or --against none for a first release"
            raise ReleaseUnknown(
                f"no tag and no older wheel in dist/ tells what was released, and {exc}; {hint}"
            ) from exc
        return _from_wheel(project, built[last])


def _of_version(project: Project, version: Version) -> Release:
    tags = git_repository.tagged_versions(project.folder)
    if version in tags:
        return _from_tag(project, version, tags[version])
    for wheel in _built(project):
        if wheel.version == version:
            return _from_wheel(project, wheel)
    try:
        found = _downloaded(project, f"{project.name}=={version}")
    except IndexUnreachable as exc:
        raise ReleaseUnknown(f"{version} is no tag and no wheel in dist/, and {exc}") from exc
    if found is None:
        raise ReleaseUnknown(f"{project.name} {version} is no tag, no wheel in dist/ and not in the package index")
    return found


def _built(project: Project) -> list[Wheel]:
    found = []
    for file in sorted((project.folder / "dist").glob("*.whl")):
        try:
            found.append(read_wheel(file))
        except WheelInvalid:
            continue  # whatever it is, it tells nothing of a release
    return [wheel for wheel in found if canonicalize_name(wheel.name) == canonicalize_name(project.name)]


def _downloaded(project: Project, requirement: str) -> Release | None:
    with tempfile.TemporaryDirectory(prefix="wren-release-") as folder:
        file = download_wheel(requirement, Path(folder))
        return _from_wheel(project, read_wheel(file), origin="the package index") if file else None


def _from_tag(project: Project, version: Version, tag: str) -> Release:
    with tempfile.TemporaryDirectory(prefix="wren-release-") as folder:
        git_repository.export(project.folder, tag, Path(folder))
        definitions = definitions_of(read_project(Path(folder)))
    return Release(version=version, origin=f"tag {tag}", definitions=definitions)


def _from_wheel(project: Project, wheel: Wheel, *, origin: str | None = None) -> Release:
    if canonicalize_name(wheel.name) != canonicalize_name(project.name):
        raise ReleaseUnknown(f"{wheel.file} is of {wheel.name}, and this is {project.name}")
    with tempfile.TemporaryDirectory(prefix="wren-release-") as folder:
        wheel.unpack(Path(folder))
        described = describe(Path(folder), wheel.points)
    if described.failed:
        name, reason = next(iter(described.failed.items()))
        raise DefinitionUnreadable(f"{name} cannot be loaded from {wheel.file.name}: {reason}")
    return Release(version=wheel.version, origin=origin or str(wheel.file.name), definitions=described.definitions)


def _from_json(file: Path) -> Release:
    definitions = read_definitions(file)
    versions = {parse(item.version) for item in definitions.values() if item.version}
    if not versions:
        raise ReleaseUnknown(f"{file} does not say of which version it is; it needs a `version`")
    return Release(version=max(versions), origin=file.name, definitions=definitions)
