"""One private folder per run, deleted after it."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "wren-run-"


@contextmanager
def run_folder(root: Path) -> Iterator[Path]:
    """Yield a new folder below `root` that only this user can enter; it is gone afterwards."""
    root.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = root / f"{_PREFIX}{secrets.token_hex(8)}"
    folder.mkdir(mode=0o700)
    with _lock(folder):
        try:
            yield folder
        finally:
            remove_tree(folder)


def clean_leftovers(root: Path) -> int:
    """Delete the folders of runs whose worker died, and return how many; call it before the first run.

    A folder in use is locked by its worker, and the kernel releases the lock when the worker dies: so several
    workers may share `root`.
    """
    removed = 0
    for folder in root.glob(f"{_PREFIX}*"):
        with suppress(BlockingIOError, FileNotFoundError, NotADirectoryError), _lock(folder):
            remove_tree(folder)
            removed += 1
    return removed


def remove_tree(folder: Path) -> None:
    """Delete a folder that a script has filled, however deep it went.

    `shutil.rmtree` recurses, and a script can nest deeper than Python does. Here each folder's folders are first moved
    up to the top, so no path ever gets long.
    """
    while entries := _entries(folder):
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _empty_into(Path(entry.path), folder)
            else:
                Path(entry.path).unlink()
    folder.rmdir()


def _empty_into(nested: Path, top: Path) -> None:
    for entry in _entries(nested):
        if entry.is_dir(follow_symlinks=False):
            Path(entry.path).rename(top / secrets.token_hex(16))
        else:
            Path(entry.path).unlink()
    nested.rmdir()


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    folder.chmod(0o700)
    with os.scandir(folder) as entries:
        return list(entries)


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)
