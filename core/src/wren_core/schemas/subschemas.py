"""The schemas inside a schema."""

from collections.abc import Iterator, Mapping
from typing import Any

VERBATIM = frozenset({"default", "const", "enum", "example", "examples"})
"""Keywords whose values are data, not schemas."""


def iter_subschemas(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the objects of a schema at any depth, including itself and without data; not recursive."""
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, Mapping):
            yield node
            pending.extend(item for key, item in node.items() if key not in VERBATIM)
        elif isinstance(node, list):
            pending.extend(node)
