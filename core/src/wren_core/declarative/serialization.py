"""The text of a JSON value in a path, a query, a header or a form, in OpenAPI's styles. Pure."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

from wren_core.contract.request_binding import Style

Pairs = list[tuple[str, str]]
Part = tuple[str, tuple[str | None, bytes, str | None]]
"""A part of a `multipart/form-data` body: its name, and its file name, content and media type."""
_SEPARATORS: dict[Style, str] = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def text(value: Any) -> str:
    """Write a value as one text: scalars plainly, an array separated by commas, its null items left out."""
    if isinstance(value, list):
        return ",".join(text(item) for item in value if item is not None)
    if isinstance(value, dict):
        return ",".join(f"{key},{text(item)}" for key, item in value.items() if item is not None)
    return value if isinstance(value, str) else json.dumps(value)


def pairs(name: str, value: Any, style: Style = "form", *, explode: bool = True) -> Pairs:
    """Write a value as parameters of a query or a form; null is no parameter."""
    if value is None:
        return []
    if style == "json":
        return [(name, json.dumps(value))]
    if style == "deepObject":
        return list(_deep(name, value))
    if isinstance(value, dict):
        members = {key: item for key, item in value.items() if item is not None}
        return [(key, _leaf(item)) for key, item in members.items()] if explode else [(name, text(members))]
    if isinstance(value, list):
        items = [_leaf(item) for item in value if item is not None]
        return [(name, item) for item in items] if explode else [(name, _SEPARATORS[style].join(items))]
    return [(name, text(value))]


def form(fields: Pairs) -> bytes:
    """Return fields as `application/x-www-form-urlencoded`."""
    return urlencode(fields).encode()


def part(name: str, value: Any) -> Part:
    """Write a value as a part of `multipart/form-data`: bytes are a file, arrays and objects JSON, all else text."""
    if isinstance(value, bytes):
        return name, (name, value, "application/octet-stream")
    if isinstance(value, dict | list):
        return name, (None, json.dumps(value).encode(), "application/json")
    return name, (None, text(value).encode(), None)


def segment(value: Any) -> str:
    """Return a value as part of a path, with everything but letters, digits and `-._~` percent-encoded."""
    return quote(text(value), safe="")


def _deep(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Write `name[key]`, and `name[0]` for items, as deep as it goes."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _deep(f"{name}[{key}]", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _deep(f"{name}[{index}]", item)
    elif value is not None:
        yield name, text(value)


def _leaf(value: Any) -> str:
    """Write an item; an object in an array is JSON."""
    return json.dumps(value) if isinstance(value, dict | list) else text(value)
