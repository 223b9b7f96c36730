"""Local files that methods read (uploads, attachments) and create (downloads).

Names come from untrusted sources, so a new file stays in its folder whatever its name is, and replaces no other.
"""

import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import BinaryIO

from wren_core.errors import InvalidInput

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
# File systems count bytes, 255 as a rule; the rest is for the extension and a number.
_MAX_STEM, _MAX_SUFFIX = 150, 20


def open_to_read(path: Path, *, pointer: str = "/path") -> BinaryIO:
    """Open a file of the script's for reading.

    Raises:
        InvalidInput: it cannot be read; `pointer` names the argument.
    """
    try:
        return path.expanduser().open("rb")
    except (OSError, ValueError) as exc:
        raise _unusable(path, exc, pointer) from exc


def open_new(folder: Path, name: str, *, pointer: str = "/folder") -> BinaryIO:
    """Create a file in a folder, and the folder if needed; a name that exists gets a number.

    The `name` of the file is its path.

    Raises:
        InvalidInput: the folder cannot be written; `pointer` names the argument.
    """
    place = folder.expanduser()
    try:
        place.mkdir(parents=True, exist_ok=True)
        return next(file for file in map(_create_file, (place / free for free in _names(safe_name(name)))) if file)
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
    return _cut(path.stem, _MAX_STEM) + _cut(path.suffix, _MAX_SUFFIX)


def _names(name: str) -> Iterator[str]:
    yield name
    path = Path(name)
    yield from (f"{path.stem} ({number}){path.suffix}" for number in count(1))


def _create_file(path: Path) -> BinaryIO | None:
    try:
        return path.open("xb")
    except FileExistsError:
        return None


def _cut(text: str, max_bytes: int) -> str:
    return text.encode(errors="replace")[:max_bytes].decode(errors="ignore")


def _unusable(path: Path, exc: OSError | ValueError, pointer: str) -> InvalidInput:
    reason = getattr(exc, "strerror", None) or str(exc)
    return InvalidInput(f"{pointer}: {str(path)!r}: {reason}", details={"pointer": pointer, "reason": reason})
