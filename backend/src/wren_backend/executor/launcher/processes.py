"""Finds, measures and ends the processes below one process."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class ProcessUsage:
    """What a set of processes uses now."""

    processes: int = 0
    threads: int = 0
    resident_bytes: int = 0
    shared_bytes: int = 0
    """The part of the resident memory that has no file and is shared by mapping it."""
    table_bytes: int = 0
    """Page tables, which grow with what is mapped and looked at, used or not."""


def list_descendants(root: int) -> list[int]:
    """Return every process below `root`, parents before children; it may be stale by the time it returns."""
    found: list[int] = []
    waiting = [root]
    while waiting:
        children = [pid for parent in waiting for pid in _children(parent)]
        found.extend(children)
        waiting = children
    return found


def measure(pids: list[int]) -> ProcessUsage:
    """Add up threads and resident memory of `pids`; shared pages count once for each process."""
    stats = [stat for pid in pids if (stat := _stat(pid)) is not None]
    kept = [_read_status(pid) for pid in pids]
    return ProcessUsage(
        processes=len(stats),
        threads=sum(threads for threads, _ in stats),
        resident_bytes=sum(pages * _PAGE for _, pages in stats),
        shared_bytes=sum(shared for shared, _ in kept),
        table_bytes=sum(tables for _, tables in kept),
    )


def proportional_bytes(pids: list[int]) -> int:
    """Return the memory of `pids`, without `shared_bytes`, and with pages that several use split between them.

    Slow, so ask only when it matters.
    """
    return sum(_proportional(pid) for pid in pids)


def kill_all(root: int, *, patience_seconds: float = 5.0) -> bool:
    """Kill and reap everything below `root`, which must be the caller and must adopt orphans.

    Returns:
        True when the kernel says that no child is left; no daemon can evade that.
    """
    deadline = time.monotonic() + patience_seconds
    while time.monotonic() < deadline:
        for pid in list_descendants(root):
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        if not _reap():
            return True
        time.sleep(0.002)
    return False


def _reap() -> bool:
    """Reap dead children; tell whether any child, alive or dead, is left."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
        if pid == 0:
            return True


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for task in (_PROC / str(pid) / "task").iterdir() for child in _task_children(task)]
    except FileNotFoundError:
        return []


def _task_children(task: Path) -> list[str]:
    try:
        return (task / "children").read_text().split()
    except (FileNotFoundError, ProcessLookupError):
        # Either the thread ended, or the kernel keeps no such file; then all processes are searched.
        return [] if _has_children_files() else [str(pid) for pid in _by_parent(int(task.name))]


def _has_children_files() -> bool:
    return Path(f"/proc/self/task/{os.getpid()}/children").exists()


def _by_parent(parent: int) -> Iterator[int]:
    for entry in _PROC.iterdir():
        if entry.name.isdigit() and (fields := _stat_fields(int(entry.name))) and int(fields[1]) == parent:
            yield int(entry.name)


def _stat(pid: int) -> tuple[int, int] | None:
    """Return (threads, resident pages) of a process, or None when it is gone."""
    fields = _stat_fields(pid)
    return (int(fields[17]), int(fields[21])) if fields else None


def _read_status(pid: int) -> tuple[int, int]:
    """Return the bytes of (resident shared memory, page tables) of a process; 0 when it is gone."""
    try:
        text = (_PROC / str(pid) / "status").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0
    sizes = {
        line.split(":")[0]: line.split()[1] for line in text.splitlines() if line.startswith(("RssShmem", "VmPTE"))
    }
    return int(sizes.get("RssShmem", 0)) * 1024, int(sizes.get("VmPTE", 0)) * 1024


def _stat_fields(pid: int) -> list[str] | None:
    """Return the fields of /proc/PID/stat after the name, which may itself contain blanks and brackets."""
    try:
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def _proportional(pid: int) -> int:
    try:
        text = (_PROC / str(pid) / "smaps_rollup").read_text()
    except OSError:
        # A process may forbid reading this; then its memory counts in full.
        stat = _stat(pid)
        return stat[1] * _PAGE if stat else 0
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss")}
    return max(0, sizes.get("Pss", 0) - sizes.get("Pss_Shmem", 0)) * 1024
