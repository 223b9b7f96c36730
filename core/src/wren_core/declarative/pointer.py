"""JSON pointers (RFC 6901): read a place of a JSON value, or put something there."""

from typing import Any

MISSING: Any = object()
"""What `find` returns where there is nothing."""


def find(document: Any, pointer: str) -> Any:
    """Return what stands at a pointer, or MISSING; an empty pointer is the whole document."""
    node = document
    for key in parts(pointer):
        if isinstance(node, dict) and key in node:
            node = node[key]
        elif isinstance(node, list) and key.isascii() and key.isdigit() and int(key) < len(node):
            node = node[int(key)]
        else:
            return MISSING
    return node


def put(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Set what stands at a pointer, making the objects on the way.

    Raises:
        ValueError: something on the way is no object.
    """
    *way, last = parts(pointer)
    node = document
    for key in way:
        node = node.setdefault(key, {})
        if not isinstance(node, dict):
            raise ValueError(f"{pointer!r} leads through {key!r}, which is no object")
    node[last] = value


def parts(pointer: str) -> list[str]:
    """Split a pointer into its unescaped parts."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
