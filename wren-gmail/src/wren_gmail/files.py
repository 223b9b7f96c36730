"""Attachments on disk: files to send, and downloads that are saved under safe names."""

import re
from pathlib import Path

from wren_core import InvalidInput
from wren_gmail.records import Attachment

_UNSAFE = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')
# File systems usually allow 255 bytes; the remainder is for the extension and a number.
_MAX_STEM = 150
_MAX_SUFFIX = 20


def load(item: Path | Attachment) -> Attachment:
    """Return the attachment with its content, read from `path` if it has none.

    Raises:
        InvalidInput: the attachment has neither content nor a readable file.
    """
    if isinstance(item, Path):
        item = Attachment(filename=item.name, path=str(item))
    if item.content is not None:
        return item
    if item.path is None:
        raise InvalidInput(f"attachments: {item.filename!r} has neither content nor path")
    try:
        content = Path(item.path).expanduser().read_bytes()
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise InvalidInput(f"attachments: cannot read {item.path!r}: {reason}") from exc
    return item.model_copy(update={"content": content, "size": len(content)})


def save(item: Attachment, folder: Path) -> Attachment:
    """Write the content into `folder`, which is created if necessary, and return the attachment with its path.

    An existing file is never overwritten: a file with the same content is kept, other content gets a numbered name.

    Raises:
        InvalidInput: the folder cannot be written.
    """
    content = item.content or b""
    try:
        target = folder.expanduser()
        target.mkdir(parents=True, exist_ok=True)
        path = _place(target, safe_name(item.filename), content)
    except (OSError, ValueError) as exc:
        reason = getattr(exc, "strerror", None) or exc
        raise InvalidInput(f"folder: cannot save {item.filename!r} in {str(folder)!r}: {reason}") from exc
    return item.model_copy(update={"path": str(path)})


def safe_name(filename: str) -> str:
    """Return a file name that cannot leave its folder, whatever name the sender chose."""
    name = _UNSAFE.sub("_", filename).strip(". ") or "attachment"
    path = Path(name)
    return _cut(path.stem, _MAX_STEM) + _cut(path.suffix, _MAX_SUFFIX)


def _cut(text: str, max_bytes: int) -> str:
    return text.encode(errors="replace")[:max_bytes].decode(errors="ignore")


def _place(folder: Path, name: str, content: bytes) -> Path:
    wanted = folder / name
    number = 0
    while True:
        path = wanted if number == 0 else wanted.with_stem(f"{wanted.stem} ({number})")
        try:
            with path.open("xb") as file:
                file.write(content)
        except FileExistsError:
            if path.is_file() and path.read_bytes() == content:
                return path
            number += 1
        else:
            return path
