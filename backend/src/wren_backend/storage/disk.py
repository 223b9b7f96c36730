"""Whether a folder can still be written: runs, logs and the database need room."""

import os
import tempfile
from pathlib import Path

# A run writes its folder, SQLite its write-ahead log; below this, writes begin to fail.
LEAST_FREE_BYTES = 16 * 2**20


def find_disk_problem(folder: Path, *, least: int = LEAST_FREE_BYTES) -> str | None:
    """Return why a folder cannot be written, with the folder; None where it can.

    Args:
        folder: an existing folder.
        least: bytes that must be free for its owner.
    """
    try:
        free = os.statvfs(folder)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".wren-probe-") as file:
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
    except OSError as exc:
        return f"{folder} cannot be written: {exc.strerror}"
    left = free.f_bavail * free.f_frsize
    return f"{folder} has only {left // 2**20} MiB free; {least // 2**20} are needed" if left < least else None
