"""What the descriptors of processes hold: sockets, files without a name, and descriptors on their way in a socket."""

import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

_SOCKET = "socket:["
_DELETED = " (deleted)"
_IN_FLIGHT = "scm_fds:"


@dataclass(kw_only=True)
class Descriptors:
    """The open descriptors of some processes together; one that several share counts once."""

    sockets: set[int] = field(default_factory=set)
    """Inodes."""
    nameless: dict[tuple[int, int], int] = field(default_factory=dict)
    """Bytes on disk of regular files that have no name any more, by device and inode."""
    in_flight: int = 0
    """Descriptors that were sent over a socket and not received: no process holds them, and the kernel keeps them."""


def read_descriptors(pids: Iterable[int]) -> Descriptors:
    """Look at the descriptors of `pids`."""
    found = Descriptors()
    for pid in pids:
        for entry, target in _list_links(pid):
            if target.startswith(_SOCKET):
                _add_socket(found, pid, entry, int(target[len(_SOCKET) : -1]))
            elif target.endswith(_DELETED):
                _add_nameless(found, entry)
    return found


def _list_links(pid: int) -> Iterator[tuple[os.DirEntry[str], str]]:
    try:
        entries = list(os.scandir(f"/proc/{pid}/fd"))
    except OSError:  # it is gone
        return
    for entry in entries:
        try:
            yield entry, os.readlink(entry.path)  # noqa: PTH115 - hundreds of them, many times a second
        except OSError:
            continue


def _add_socket(found: Descriptors, pid: int, entry: os.DirEntry[str], inode: int) -> None:
    if inode in found.sockets:
        return
    found.sockets.add(inode)
    try:
        lines = Path(f"/proc/{pid}/fdinfo/{entry.name}").read_text().splitlines()
    except OSError:
        return
    found.in_flight += sum(int(line.split()[1]) for line in lines if line.startswith(_IN_FLIGHT))


def _add_nameless(found: Descriptors, entry: os.DirEntry[str]) -> None:
    try:
        status = entry.stat()
    except OSError:
        return
    if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
        found.nameless[status.st_dev, status.st_ino] = status.st_blocks * 512
