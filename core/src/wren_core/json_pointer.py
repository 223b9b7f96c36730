"""JSON pointers (RFC 6901): write one, split one, find a place of a JSON value, or put a value there."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

MISSING: Any = object()
"""The result of `find` and `find_reference` where there is nothing."""
# An index has no sign and no leading zero; "01" is a key of an object and not an index of an array.
_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")


def build(parts: Iterable[Any]) -> str:
    """Return the pointer of a path of keys and indexes; empty for the whole document."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)


def split(pointer: str) -> list[str]:
    """Return the unescaped parts of a pointer."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def find(document: Any, pointer: str) -> Any:
    """Return the value at a pointer, or MISSING; an empty pointer is the whole document.

    In an object `/13` is the key "13", in an array the item 13.
    """
    node = document
    for key in split(pointer):
        if isinstance(node, Mapping) and key in node:
            node = node[key]
        elif isinstance(node, list) and _INDEX.fullmatch(key) and int(key) < len(node):
            node = node[int(key)]
        else:
            return MISSING
    return node


def restore_keys(document: Any, path: Sequence[str | int], found: Any = MISSING) -> list[str | int]:
    """Return a path with the keys of objects as they are; validators report the key "13", and "013", as the number 13.

    Args:
        document: the value that the path leads through.
        path: keys and indexes.
        found: the value at its end, where it is known; of two keys that read alike, it is the one that holds it.
    """
    node, keys = document, list[str | int]()
    for place, part in enumerate(path):
        is_last = place == len(path) - 1
        if isinstance(node, Mapping) and isinstance(part, int):
            keys.append(_restore_key(node, part, found if is_last else MISSING))
        else:
            keys.append(part)
        node = _step(node, keys[-1])
    return keys


def _restore_key(node: Mapping[str, Any], number: int, found: Any) -> str:
    if str(number) in node and (found is MISSING or node[str(number)] == found):
        return str(number)
    same = [key for key in node if re.fullmatch(rf"\+?0*{number}", str(key))]
    return next((key for key in same if found is not MISSING and node[key] == found), next(iter(same), str(number)))


def _step(node: Any, key: str | int) -> Any:
    try:
        return node[key]
    except (LookupError, TypeError):
        return MISSING


def find_reference(document: Any, reference: str) -> Any:
    """Return the value a `$ref` such as `#/$defs/Name` leads to; MISSING for any other kind of reference."""
    if reference != "#" and not reference.startswith("#/"):
        return MISSING
    from urllib.parse import unquote  # here: few values hold references

    return find(document, unquote(reference[1:]))


def put(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Set the value at a pointer, and create the objects on the way.

    Raises:
        ValueError: a value on the way is not an object.
    """
    *way, last = split(pointer)
    node = document
    for key in way:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise ValueError(f"{pointer!r} leads through {key!r}, which is not an object")
    node[last] = value


def find_or_none(document: Any, pointer: str) -> Any:
    """Return the value at a pointer of a provider's answer; None where there is nothing."""
    found = find(document, pointer)
    return None if found is MISSING else found


def find_list(document: Any, pointer: str) -> list[Any]:
    """Return the list at a pointer of a provider's answer; an empty one where there is something else."""
    found = find(document, pointer)
    return found if isinstance(found, list) else []
