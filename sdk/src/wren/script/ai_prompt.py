"""Builds the prompt of `wren.ai`: values become text, images stay separate."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from wren_core.ai.images import find_media_type
from wren_core.errors import InvalidInput


def build_prompt(prompt: str, data: Iterable[Any]) -> tuple[str, list[bytes]]:
    """Return the text of the prompt with its data, and the images.

    Raises:
        InvalidInput: the prompt is not text, a value has no JSON form, or bytes or files are not images.
    """
    if not isinstance(prompt, str):
        raise InvalidInput(
            f"wren.ai: the prompt must be text, not {type(prompt).__name__}; say what to do first, then give the data",
            details={"pointer": "/prompt", "expected": "text"},
        )
    texts, images = [prompt], list[bytes]()
    for position, item in enumerate(data, start=1):
        found = _read_images(item, position)
        if found is None:
            texts.append(_make_text(item, position))
        else:
            images += found
    return "\n\n".join(texts), images


def _read_images(item: Any, position: int) -> list[bytes] | None:
    """Return the images of an item, or None where it is neither an image nor a list of images."""
    if isinstance(item, list | tuple) and item and all(isinstance(part, bytes | bytearray | Path) for part in item):
        return [_read_image(part, position) for part in item]
    return [_read_image(item, position)] if isinstance(item, bytes | bytearray | Path) else None


def _read_image(item: bytes | bytearray | Path, position: int) -> bytes:
    content, name = _read_content(item, position), str(item) if isinstance(item, Path) else "the bytes"
    if find_media_type(content) is None:
        raise InvalidInput(
            f"wren.ai: data {position}: {name} is not a PNG, JPEG, GIF or WebP image; pass its content as text",
            details={"position": position, "expected": "an image"},
        )
    return content


def _read_content(item: bytes | bytearray | Path, position: int) -> bytes:
    if not isinstance(item, Path):
        return bytes(item)
    try:
        return item.read_bytes()
    except OSError as exc:
        raise InvalidInput(
            f"wren.ai: data {position}: {str(item)!r} cannot be read: {exc.strerror}", details={"position": position}
        ) from exc


def _make_text(item: Any, position: int) -> str:
    if isinstance(item, str):
        return item
    try:
        return json.dumps(to_jsonable_python(item, by_alias=True), ensure_ascii=False, indent=2)
    except Exception as exc:  # a class's own serializer may raise anything
        raise InvalidInput(
            f"wren.ai: data {position}: a {type(item).__name__} has no JSON form; pass text, records, lists or dicts",
            details={"position": position, "expected": "text or a JSON value"},
        ) from exc
