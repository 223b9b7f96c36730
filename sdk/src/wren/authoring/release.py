"""`wren plugin release`: the changes, the version they require, the built files and the tag."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import Version

from wren.authoring import git_repository
from wren.authoring.build import build
from wren.authoring.change import Change, Level, highest_level
from wren.authoring.definition_changes import compare_definitions
from wren.authoring.definitions import load_project_definitions
from wren.authoring.last_release import LAST, Release, find_release
from wren.authoring.project import PluginProject
from wren.authoring.quality import check_plugin
from wren.authoring.versions import VersionInvalid, is_enough, is_zero, next_version, parse_version
from wren.authoring.wheels import Wheel, read_wheel
from wren_core.contract.definition import IntegrationDefinition
from wren_core.errors import AgentFixableError
from wren_core.testing.rules.rule import Tier

_MISSED = ("failed", "unproved")


class VersionTooSmall(AgentFixableError):
    """The version is too small for the changes."""

    code = "VERSION_TOO_SMALL"


class ReleaseRefused(AgentFixableError):
    """A release is not possible; the message says why."""

    code = "RELEASE_REFUSED"


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A plugin compared with its last release."""

    project: PluginProject
    version: Version
    last: Release | None
    changes: list[Change] = field(default_factory=list)

    @property
    def level(self) -> Level:
        """The highest level of the changes."""
        return highest_level(self.changes)

    @property
    def required(self) -> Version | None:
        """The smallest version that may follow; None for a first release."""
        return next_version(self.last.version, self.level) if self.last else None


@dataclass(frozen=True, kw_only=True)
class BuiltFiles:
    """The files that are published."""

    files: Mapping[str, int]
    """Name -> bytes."""
    wheel: Wheel
    """The content of the wheel; the file may be deleted."""


def check_quality(project: PluginProject) -> Tier:
    """Return the tier the plugin reaches; a plugin below bronze is not released.

    Raises:
        ReleaseRefused: a rule of bronze fails.
        PluginNotInstalled: it is not installed from this folder.
    """
    checked = check_plugin(str(project.folder))
    if checked.tier is None:
        failed = [rule for report in checked.reports for rule in report["rules"] if rule["outcome"] in _MISSED]
        bronze = [rule["id"] for rule in failed if rule["tier"] == Tier.BRONZE.label]
        raise ReleaseRefused(f"below bronze: {', '.join(bronze)}; `wren plugin check` says what to do")
    return checked.tier


def compare(project: PluginProject, against: str = LAST) -> Comparison:
    """Compare a plugin's folder with the last release.

    Raises:
        ReleaseUnknown: the last release cannot be found.
        DefinitionUnreadable: one of the two cannot be loaded.
    """
    version = parse_version(project.version)
    new = load_project_definitions(project)
    last = find_release(project, against)
    changes = compare_all(last.definitions, new) if last else []
    return Comparison(project=project, version=version, last=last, changes=changes)


def compare_all(old: Mapping[str, IntegrationDefinition], new: Mapping[str, IntegrationDefinition]) -> list[Change]:
    """List what changed in any integration of a distribution, highest level first; pure."""
    found = [
        Change(level=Level.MAJOR, where=name, text="the integration was removed") for name in old if name not in new
    ]
    found += [
        Change(level=Level.MINOR, where=name, text="the integration was added") for name in new if name not in old
    ]
    for name in old.keys() & new.keys():
        found += compare_definitions(old[name], new[name])
    return sorted(found, key=lambda change: -change.level)


def check_version(comparison: Comparison) -> None:
    """Refuse a version that is too small for the changes.

    Raises:
        VersionTooSmall: with every reason, and the version to write.
        VersionInvalid: it is not above the last one.
    """
    last, required = comparison.last, comparison.required
    if last is None or required is None or is_enough(comparison.version, last.version, comparison.level):
        return
    if comparison.version == last.version:
        raise VersionInvalid(
            f"{last.version} is released already ({last.origin}), and the files changed since; "
            f"write {required} or later into pyproject.toml"
        )
    if comparison.version <= last.version:
        raise VersionInvalid(f"{comparison.version} does not follow {last.version}; write {required} or later")
    reasons = [change for change in comparison.changes if change.level is comparison.level]
    rule = (
        " (before 1.0.0, a breaking change raises the second number, any other the third)"
        if is_zero(last.version)
        else ""
    )
    raise VersionTooSmall(
        f"{comparison.version} is too small: the changes since {last.version} require {required} or later"
        f"{rule}: {'; '.join(map(str, reasons))}",
        details={"required": str(required), "changes": [str(change) for change in comparison.changes]},
    )


def build_release(project: PluginProject, *, into: Path | None, isolated: bool) -> BuiltFiles:
    """Build the files to publish, and copy them into a folder where one is given.

    Raises:
        BuildFailed: with the end of the build's output.
        ReleaseRefused: the wheel does not match the folder's metadata.
    """
    with tempfile.TemporaryDirectory(prefix="wren-build-") as folder:
        files = build(project.folder, into=Path(folder), isolated=isolated)
        wheel = read_wheel(files[-1])
        if wheel.version != parse_version(project.version) or dict(wheel.points) != dict(project.integrations):
            raise ReleaseRefused(
                f"{files[-1].name} is {wheel.version} and offers {', '.join(wheel.points) or 'nothing'}"
            )
        sizes = {file.name: file.stat().st_size for file in files}
        if into is not None:
            into.mkdir(parents=True, exist_ok=True)
            for file in files:
                shutil.copy2(file, into)
    return BuiltFiles(files=sizes, wheel=wheel)


def check_tag(comparison: Comparison) -> None:
    """Refuse a version that was released already, from another commit.

    Raises:
        ReleaseRefused: its tag is on another commit.
    """
    folder, tag = comparison.project.folder, _tag_name(comparison)
    if tag in git_repository.list_tagged_versions(folder).values() and not git_repository.is_head(folder, tag):
        required = f"; the next one is {comparison.required} or later" if comparison.required else ""
        raise ReleaseRefused(f"{tag} is tagged already, on another commit: write a new version{required}")


def check_repository(comparison: Comparison) -> None:
    """Refuse when the tag would not match the built files.

    Raises:
        ReleaseRefused: no repository, uncommitted files, or an existing tag.
    """
    folder, tag = comparison.project.folder, _tag_name(comparison)
    if not git_repository.is_repository(folder):
        raise ReleaseRefused(f"{folder} is in no git repository; `git init`, commit, then release")
    if tag in git_repository.list_tagged_versions(folder).values():
        raise ReleaseRefused(f"{tag} is tagged already; `git push origin {tag}` publishes it")
    if changed := git_repository.list_uncommitted(folder):
        raise ReleaseRefused(f"commit first, the tag would not contain: {', '.join(changed[:5])}")


def tag_release(comparison: Comparison) -> str:
    """Tag the release; pushes nothing."""
    tag = _tag_name(comparison)
    git_repository.add_tag(comparison.project.folder, tag, f"{comparison.project.name} {comparison.version}")
    return tag


def _tag_name(comparison: Comparison) -> str:
    return git_repository.format_tag(comparison.version)
