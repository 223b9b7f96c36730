"""A plugin's git repository: its release tags, their content, and uncommitted files."""

import subprocess
from pathlib import Path

from packaging.version import InvalidVersion, Version

from wren.authoring.archive import unpack_tar
from wren_core.errors import AgentFixableError


class RepositoryUnusable(AgentFixableError):
    """A git command failed; the message is git's own."""

    code = "REPOSITORY_UNUSABLE"


def format_tag(version: Version) -> str:
    """Return the tag a version is released under."""
    return f"v{version}"


def list_tagged_versions(folder: Path) -> dict[Version, str]:
    """Return the versions that are tagged `v1.2.3`, with their tags; none outside a repository."""
    done = _call_git(folder, "tag", "--list", "v*")
    found: dict[Version, str] = {}
    for tag in done.stdout.decode().split() if done.returncode == 0 else ():
        try:
            found[Version(tag[1:])] = tag
        except InvalidVersion:
            continue
    return found


def export_tag(folder: Path, tag: str, into: Path) -> None:
    """Write the content of a folder at a tag into another folder.

    Raises:
        RepositoryUnusable: the tag is missing, or does not contain the folder.
        ArchiveUnsafe: the commit holds a link that leads outside the folder.
    """
    prefix, top = (_run_git(folder, "rev-parse", f"--show-{what}").decode().strip() for what in ("prefix", "toplevel"))
    archive = _run_git(Path(top), "archive", "--format=tar", f"{tag}:{prefix}")
    unpack_tar(archive, into)


def is_repository(folder: Path) -> bool:
    """Tell whether a folder is in a git repository."""
    return _call_git(folder, "rev-parse", "--is-inside-work-tree").returncode == 0


def is_head(folder: Path, tag: str) -> bool:
    """Tell whether a tag marks the commit that is checked out."""
    commits = [_call_git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") for name in (tag, "HEAD")]
    return all(done.returncode == 0 for done in commits) and commits[0].stdout == commits[1].stdout


def list_uncommitted(folder: Path) -> list[str]:
    """List the files that differ from the last commit, untracked ones included."""
    lines = _run_git(folder, "status", "--porcelain", "--", ".").decode().splitlines()
    return [line[3:] for line in lines]


def add_tag(folder: Path, tag: str, message: str) -> None:
    """Tag the last commit; pushes nothing.

    Raises:
        RepositoryUnusable: git refused, for example without an author's name.
    """
    _run_git(folder, "tag", "--annotate", "--message", message, tag)


def _run_git(folder: Path, *arguments: str) -> bytes:
    done = _call_git(folder, *arguments)
    if done.returncode:
        raise RepositoryUnusable(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _call_git(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    command = ["git", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell, our own arguments
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, b"", b"git is not installed here")
