"""The parts of a body of `multipart/form-data`. Pure."""

import json
import mimetypes
from fnmatch import fnmatchcase
from typing import Any

from wren_core.contract.request_binding import Placement
from wren_core.declarative import serialization
from wren_core.declarative.local_file import LocalFile

Part = tuple[str, tuple[str | None, bytes, str | None]]
"""A part: its name, and its file name, content and media type."""
_BYTES = "application/octet-stream"


def parts(placement: Placement, value: Any) -> list[Part]:
    """Write a value: each file and each item of an array is a part, an object is JSON, all else is text.

    With a style, an array is written as one text; with a JSON type, an array without files is one part.
    """
    name = placement.wire_name
    if value is None:
        return []
    if not isinstance(value, list):
        return [_part(name, name, value, placement.media_type)]
    items = [item for item in value if item is not None]
    has_files = any(isinstance(item, bytes | LocalFile) for item in items)
    if not has_files and (placement.style is not None or not placement.explode):
        style = placement.style or "form"
        written = serialization.parameters(name, items, style, explode=placement.explode)
        return [(key, (None, sep.join(texts).encode(), placement.media_type or None)) for key, texts, sep in written]
    if not has_files and placement.media_type.partition(";")[0].strip().lower().endswith("json"):
        return [(name, (None, json.dumps(value).encode(), placement.media_type))]
    numbered = [name] if len(items) == 1 else [f"{name}-{number}" for number in range(1, len(items) + 1)]
    return [_part(name, own, item, placement.media_type) for own, item in zip(numbered, items, strict=True)]


def _part(name: str, file_name: str, value: Any, declared: str) -> Part:
    if isinstance(value, LocalFile):
        kind = choose_type(declared, mimetypes.guess_type(value.name)[0] or _BYTES)
        return name, (value.name, value.content, kind)
    if isinstance(value, bytes):
        kind = choose_type(declared, _BYTES)
        suffix = "" if kind == _BYTES else mimetypes.guess_extension(kind.partition(";")[0]) or ""
        return name, (file_name + suffix, value, kind)
    if isinstance(value, dict | list):
        return name, (None, json.dumps(value).encode(), choose_type(declared, "application/json"))
    return name, (None, serialization.text(value).encode(), choose_type(declared, "") or None)


def choose_type(declared: str, own: str) -> str:
    """Return the media type of a part: its own where the declared types allow it, else the first of them.

    Args:
        declared: types separated by commas, which may have wildcards; empty where any is allowed.
        own: the type that follows from the value.
    """
    allowed = [item.strip() for item in declared.split(",") if item.strip()]
    if not allowed or any(fnmatchcase(own, item.lower()) for item in allowed):
        return own
    return next((item for item in allowed if "*" not in item), own)
