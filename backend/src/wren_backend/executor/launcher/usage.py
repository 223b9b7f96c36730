"""What all processes of a run use together: memory, threads, disk. The kernel keeps no such sums without cgroups.

Each is counted in every place where a script can hold it, not only in the usual one. Memory: resident pages, page
tables, shared mappings (also when their pages were given back) and buffers of sockets. Disk: files in the folder, and
files that have no name any more but are open, mapped, or on their way in a socket.
"""

import errno
import os
from collections import deque
from pathlib import Path

from wren_backend.executor.launcher.descriptors import Descriptors, read_descriptors
from wren_backend.executor.launcher.mappings import Mappings, read_mappings
from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.launcher.processes import ProcessUsage, list_descendants, measure, proportional_bytes
from wren_backend.executor.launcher.socket_memory import read_socket_memory

# Reading what is mapped takes longer than all else, so it is done at every fourth look, until something is found.
_LOOKS_PER_MAPPINGS = 4
# Of a shared mapping only what is mapped now can be seen, and it may have been larger.
_LEAST_SHARED = 2**22
# A descriptor is in flight for a moment whenever one is passed on; for half a second only where it is kept there.
_LOOKS_IN_FLIGHT = 10
# Fewer sockets cannot hold much.
_FEW_SOCKETS = 8


class UsageWatch:
    """Looks again and again at the processes of one run.

    Args:
        limits: what they may use.
        folder: the run's.
        supervisor: the process above them.
    """

    def __init__(self, limits: Limits, *, folder: Path, supervisor: int) -> None:
        self._limits = limits
        self._folder = folder
        self._supervisor = supervisor
        self._looks = 0
        self._mappings = Mappings()
        self._reach: dict[int, int] = {}
        self._in_flight: deque[int] = deque([0] * _LOOKS_IN_FLIGHT, maxlen=_LOOKS_IN_FLIGHT)

    def find_breach(self) -> str | None:
        """Return the name of the first limit that is broken: memory, threads, disk."""
        pids = list_descendants(self._supervisor)
        usage = measure(pids)
        if usage.threads > self._limits.threads:
            return "threads"
        descriptors = read_descriptors(pids)
        self._in_flight.append(descriptors.in_flight)
        self._look_at_mappings(pids)
        if self._is_memory_used_up(pids, usage, descriptors):
            return "memory"
        left = self._limits.disk_bytes - self._nameless_bytes(descriptors)
        return "disk" if is_full(self._folder, bytes_limit=left, entries=self._limits.disk_entries) else None

    def _look_at_mappings(self, pids: list[int]) -> None:
        self._looks += 1
        if self._mappings.anonymous or self._mappings.nameless or self._looks % _LOOKS_PER_MAPPINGS == 1:
            self._mappings = read_mappings(pids)
            seen = self._mappings.anonymous.items()
            self._reach = {inode: max(reach, self._reach.get(inode, _LEAST_SHARED)) for inode, reach in seen}

    def _is_memory_used_up(self, pids: list[int], usage: ProcessUsage, descriptors: Descriptors) -> bool:
        limit = self._limits.memory_bytes - usage.table_bytes - sum(self._reach.values())
        if len(descriptors.sockets) > _FEW_SOCKETS:
            held = read_socket_memory()
            limit -= sum(held.get(inode, 0) for inode in descriptors.sockets)
        # Resident memory counts shared pages once per process, so it can only be too high: measure exactly when it is.
        # Pages of shared mappings are in `limit` already.
        own = usage.resident_bytes - usage.shared_bytes
        return own > limit and (limit < 0 or proportional_bytes(pids) > limit)

    def _nameless_bytes(self, descriptors: Descriptors) -> int:
        """Return what files without a name take; one that no process has open counts as the largest it may be."""
        unopened = len(self._mappings.nameless - descriptors.nameless.keys()) + min(self._in_flight)
        return sum(descriptors.nameless.values()) + unopened * self._limits.file_bytes


def is_full(folder: Path, *, bytes_limit: int, entries: int) -> bool:
    """Tell whether `folder` holds more than it may; a folder too deep to measure counts as full."""
    used = seen = 0
    waiting = [str(folder)]
    while waiting:
        try:
            found = list(os.scandir(waiting.pop()))
        except OSError as exc:
            if exc.errno == errno.ENAMETOOLONG:
                return True
            continue
        for entry in found:
            used += _measure_entry(entry)
            if entry.is_dir(follow_symlinks=False):
                waiting.append(entry.path)
        seen += len(found)
        if used > bytes_limit or seen > entries:
            return True
    return used > bytes_limit


def _measure_entry(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks * 512
    except OSError:
        return 0
