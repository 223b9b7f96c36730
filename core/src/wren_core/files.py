"""Local files of methods: files that are uploaded or attached, and files that are downloaded.

Names come from other people, so a new file stays in its folder whatever its name is, and replaces no other file.
"""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import BinaryIO

from wren_core.errors import InvalidInput

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
# Most file systems allow 255 bytes; the rest is for the extension and a number.
_MAX_STEM, _MAX_SUFFIX = 150, 20


def open_to_read(path: Path, *, pointer: str = "/path") -> BinaryIO:
    """Open a local file for reading.

    Raises:
        InvalidInput: it cannot be read; `pointer` names the argument.
    """
    try:
        return path.expanduser().open("rb")
    except (OSError, ValueError) as exc:
        raise _unusable(path, exc, pointer) from exc


def open_new(folder: Path, name: str, *, pointer: str = "/folder") -> BinaryIO:
    """Create a file in a folder, and the folder where it is missing; a name that is in use gets a number.

    The `name` of the returned file is its path.

    Raises:
        InvalidInput: the folder cannot be written; `pointer` names the argument.
    """
    place = folder.expanduser()
    try:
        place.mkdir(parents=True, exist_ok=True)
        return next(file for file in map(_create, (place / free for free in _numbered_names(safe_name(name)))) if file)
    except (OSError, ValueError) as exc:
        raise _unusable(folder, exc, pointer) from exc


def save(folder: Path, name: str, content: bytes, *, pointer: str = "/folder") -> str:
    """Write a new file, as `open_new` creates it, and return its path."""
    with open_new(folder, name, pointer=pointer) as file:
        file.write(content)
    return file.name


def safe_name(name: str) -> str:
    """Return a name that every file system accepts, and that stays in its folder."""
    path = Path(_UNSAFE.sub("_", name).strip(". ") or "file")
    return _truncate(path.stem, _MAX_STEM) + _truncate(path.suffix, _MAX_SUFFIX)


def _numbered_names(name: str) -> Iterator[str]:
    yield name
    path = Path(name)
    yield from (f"{path.stem} ({number}){path.suffix}" for number in count(1))


def _create(path: Path) -> BinaryIO | None:
    try:
        return path.open("xb")
    except FileExistsError:
        return None


def _truncate(text: str, max_bytes: int) -> str:
    return text.encode(errors="replace")[:max_bytes].decode(errors="ignore")


def _unusable(path: Path, exc: OSError | ValueError, pointer: str) -> InvalidInput:
    reason = getattr(exc, "strerror", None) or str(exc)
    return InvalidInput(f"{pointer}: {str(path)!r}: {reason}", details={"pointer": pointer, "reason": reason})
