"""What `wren.ai` is given: values become the text of a prompt, images go beside it."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic_core import to_jsonable_python

from wren_core.ai.images import find_media_type
from wren_core.errors import InvalidInput


def prompt_parts(prompt: str, data: Iterable[Any]) -> tuple[str, list[bytes]]:
    """Return the text of the prompt with its data, and the images.

    Raises:
        InvalidInput: the prompt is no text, a value has no JSON form, or bytes and files are no images.
    """
    if not isinstance(prompt, str):
        raise InvalidInput(
            f"wren.ai: the prompt must be text, not {type(prompt).__name__}; say what to do first, then give the data",
            details={"pointer": "/prompt", "expected": "text"},
        )
    texts, images = [prompt], list[bytes]()
    for position, item in enumerate(data, start=1):
        found = _images(item, position)
        if found is None:
            texts.append(_text(item, position))
        else:
            images += found
    return "\n\n".join(texts), images


def _images(item: Any, position: int) -> list[bytes] | None:
    """Return the images of an item, or None where it is no image and no list of them."""
    if isinstance(item, list | tuple) and item and all(isinstance(part, bytes | bytearray | Path) for part in item):
        return [_image(part, position) for part in item]
    return [_image(item, position)] if isinstance(item, bytes | bytearray | Path) else None


def _image(item: bytes | bytearray | Path, position: int) -> bytes:
    content, name = _content(item, position), str(item) if isinstance(item, Path) else "the bytes"
    if find_media_type(content) is None:
        raise InvalidInput(
            f"wren.ai: data {position}: {name} is no PNG, JPEG, GIF or WebP image; pass what it says as text",
            details={"position": position, "expected": "an image"},
        )
    return content


def _content(item: bytes | bytearray | Path, position: int) -> bytes:
    if not isinstance(item, Path):
        return bytes(item)
    try:
        return item.read_bytes()
    except OSError as exc:
        raise InvalidInput(
            f"wren.ai: data {position}: {str(item)!r} cannot be read: {exc.strerror}", details={"position": position}
        ) from exc


def _text(item: Any, position: int) -> str:
    if isinstance(item, str):
        return item
    try:
        return json.dumps(to_jsonable_python(item, by_alias=True), ensure_ascii=False, indent=2)
    except Exception as exc:  # the serializers of somebody's own class may raise anything
        raise InvalidInput(
            f"wren.ai: data {position}: a {type(item).__name__} has no JSON form; pass text, records, lists or dicts",
            details={"position": position, "expected": "text or a JSON value"},
        ) from exc
