"""What git knows of a plugin's releases: its tags, what they held, and whether anything is not committed."""

import subprocess
from pathlib import Path

from packaging.version import InvalidVersion, Version

from wren.authoring.archive import unpack_tar
from wren_core.errors import AgentFixableError


class RepositoryUnusable(AgentFixableError):
    """Git refused what was asked of it; the message is its own."""

    code = "REPOSITORY_UNUSABLE"


def tag_of(version: Version) -> str:
    """Return the tag a version is released under."""
    return f"v{version}"


def tagged_versions(folder: Path) -> dict[Version, str]:
    """Return the versions that are tagged `v1.2.3`, with their tags; none outside a repository."""
    done = _git(folder, "tag", "--list", "v*")
    found: dict[Version, str] = {}
    for tag in done.stdout.decode().split() if done.returncode == 0 else ():
        try:
            found[Version(tag[1:])] = tag
        except InvalidVersion:
            continue
    return found


def export(folder: Path, tag: str, into: Path) -> None:
    """Write what a folder held at a tag into another one.

    Raises:
        RepositoryUnusable: the tag is not there, or the folder was not in it.
        ArchiveUnsafe: the commit holds a link that leads outside the folder.
    """
    prefix, top = (_asked(folder, "rev-parse", f"--show-{what}").decode().strip() for what in ("prefix", "toplevel"))
    archive = _asked(Path(top), "archive", "--format=tar", f"{tag}:{prefix}")
    unpack_tar(archive, into)


def is_repository(folder: Path) -> bool:
    """Tell whether a folder belongs to one."""
    return _git(folder, "rev-parse", "--is-inside-work-tree").returncode == 0


def is_head(folder: Path, tag: str) -> bool:
    """Tell whether a tag marks the commit that is checked out."""
    commits = [_git(folder, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") for name in (tag, "HEAD")]
    return all(done.returncode == 0 for done in commits) and commits[0].stdout == commits[1].stdout


def uncommitted(folder: Path) -> list[str]:
    """List what differs from the last commit, files nobody added among it."""
    lines = _asked(folder, "status", "--porcelain", "--", ".").decode().splitlines()
    return [line[3:] for line in lines]


def add_tag(folder: Path, tag: str, message: str) -> None:
    """Mark the last commit; sends nothing anywhere.

    Raises:
        RepositoryUnusable: git refused, for want of an author's name, say.
    """
    _asked(folder, "tag", "--annotate", "--message", message, tag)


def _asked(folder: Path, *arguments: str) -> bytes:
    done = _git(folder, *arguments)
    if done.returncode:
        raise RepositoryUnusable(f"git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _git(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    command = ["git", "-C", str(folder), *arguments]
    try:
        return subprocess.run(command, capture_output=True, check=False)  # noqa: S603 - no shell, our own arguments
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, b"", b"git is not installed here")
