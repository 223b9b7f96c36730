"""Unpack a tar archive without trusting it; `tarfile` itself has a filter for that only since Python 3.11.4."""

import io
import os
import tarfile
from pathlib import Path

from wren_core.errors import AgentFixableError


class ArchiveUnsafe(AgentFixableError):
    """The archive has a member that would be written outside the folder, or is no file, folder or link."""

    code = "ARCHIVE_UNSAFE"


def unpack_tar(archive: bytes, into: Path) -> None:
    """Write the files, folders and symbolic links of an archive into a folder, which is made where it is missing.

    Raises:
        ArchiveUnsafe: names the first member that was refused; the members before it are already written.
    """
    into.mkdir(parents=True, exist_ok=True)
    root = into.resolve()
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for member in members:
            place = root / member.name
            if not _is_inside(root, place):
                raise ArchiveUnsafe(f"the archive has {member.name!r}, which is outside the folder")
            content = members.extractfile(member) if member.isreg() else None
            _write(root, place, member, content.read() if content else b"")


def _write(root: Path, place: Path, member: tarfile.TarInfo, content: bytes) -> None:
    if member.isdir():
        place.mkdir(parents=True, exist_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    if member.isreg():
        place.write_bytes(content)
        place.chmod(0o755 if member.mode & 0o100 else 0o644)
    elif member.issym() and _is_inside(root, place.parent / member.linkname):
        place.symlink_to(member.linkname)
    else:
        raise ArchiveUnsafe(f"the archive has {member.name!r}, a special file or a link to outside the folder")


def _is_inside(root: Path, place: Path) -> bool:
    """Follow the links that are there, so that no member is written through one that leads outside."""
    return Path(os.path.realpath(place)).is_relative_to(root)
