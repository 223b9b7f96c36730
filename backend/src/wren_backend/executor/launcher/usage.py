"""What all processes of a run use together: memory, threads, disk. The kernel keeps no such sums without cgroups."""

import errno
import os
from pathlib import Path

from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.launcher.processes import list_descendants, measure, proportional_bytes


def find_breach(limits: Limits, *, folder: Path, supervisor: int) -> str | None:
    """Return the name of the first limit that the processes below `supervisor` broke: memory, threads, disk."""
    pids = list_descendants(supervisor)
    usage = measure(pids)
    if usage.threads > limits.threads:
        return "threads"
    # Resident memory counts shared pages once per process, so it can only be too high: measure exactly when it is.
    if usage.resident_bytes > limits.memory_bytes and proportional_bytes(pids) > limits.memory_bytes:
        return "memory"
    return "disk" if is_full(folder, bytes_limit=limits.disk_bytes, entries=limits.disk_entries) else None


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
    return False


def _measure_entry(entry: os.DirEntry[str]) -> int:
    try:
        return entry.stat(follow_symlinks=False).st_blocks * 512
    except OSError:
        return 0
