"""The text of a JSON value in a path, a query, a header or a form, in OpenAPI's styles. Pure."""

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from wren_core.contract.request_binding import Style

Parameter = tuple[str, tuple[str, ...], str]
"""A parameter of a query or a form: its name, the items of its value, and the separator between them."""
_SEPARATORS: dict[Style, str] = {"form": ",", "simple": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def text(value: Any) -> str:
    """Write a value as one text: scalars plainly, an array separated by commas, its null items left out."""
    return value if isinstance(value, str) else ",".join(_items(value, explode=False))


def parameters(name: str, value: Any, style: Style = "form", *, explode: bool = True) -> list[Parameter]:
    """Write a value as parameters of a query or a form; null is no parameter."""
    if value is None:
        return []
    if style == "json":
        return [(name, (json.dumps(value),), "")]
    if style == "deepObject":
        return [(deep_name, (item,), "") for deep_name, item in _deep(name, value)]
    if isinstance(value, dict) and explode:
        return [(key, (_leaf(item),), "") for key, item in value.items() if item is not None]
    if isinstance(value, list) and explode:
        return [(name, (_leaf(item),), "") for item in value if item is not None]
    if isinstance(value, dict | list):
        return [(name, tuple(_items(value, explode=False)), _SEPARATORS[style])]
    return [(name, (text(value),), "")]


def query(fields: Sequence[Parameter]) -> str:
    """Return parameters as a query, percent-encoded; a comma inside an item is encoded, one between items is not."""
    return "&".join(
        f"{quote(name, safe='')}={quote(separator, safe=',').join(quote(item, safe='') for item in items)}"
        for name, items, separator in fields
    )


def form(fields: Sequence[Parameter]) -> bytes:
    """Return parameters as `application/x-www-form-urlencoded`."""
    return urlencode([(name, separator.join(items)) for name, items, separator in fields]).encode()


def segment(value: Any, *, explode: bool = False) -> str:
    """Return a value as part of a path: everything but letters, digits, `-._~` and the commas between items is encoded.

    Args:
        value: a JSON value.
        explode: write the members of an object as `name=value`.
    """
    if isinstance(value, dict) and explode:
        members = ((key, _leaf(item)) for key, item in value.items() if item is not None)
        return ",".join(f"{quote(key, safe='')}={quote(item, safe='')}" for key, item in members)
    return ",".join(quote(item, safe="") for item in _items(value, explode=False))


def header(value: Any, *, explode: bool = False) -> str:
    """Return a value as the text of a header; `explode` writes the members of an object as `name=value`."""
    return ",".join(_items(value, explode=explode))


def _items(value: Any, *, explode: bool) -> list[str]:
    """Return the items of a value; of an object, each name and each value, or `name=value`."""
    if isinstance(value, list):
        return [_leaf(item) for item in value if item is not None]
    if isinstance(value, dict):
        members = [(key, _leaf(item)) for key, item in value.items() if item is not None]
        return [f"{key}={item}" for key, item in members] if explode else [part for pair in members for part in pair]
    return [value if isinstance(value, str) else json.dumps(value)]


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
    """Write an item; an array or an object in an array is JSON."""
    return value if isinstance(value, str) else json.dumps(value)
