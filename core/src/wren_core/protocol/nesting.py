"""How deep a JSON value is nested: readers of JSON recurse, and refuse, or break, each at another depth."""

from collections.abc import Iterable, Mapping
from typing import Any

MAX_NESTING = 100
"""Most lists and objects around one value: the shallowest known reader stops at 255, and frames add a few."""


def is_too_deep(value: Any, limit: int = MAX_NESTING) -> bool:
    """Tell whether lists and objects are nested deeper than `limit`; takes a value of any depth, or one in a circle."""
    level = _list_containers([value])
    for _ in range(limit):
        if not level:
            return False
        level = _list_containers(child for item in level for child in _list_children(item))
    return bool(level)


def _list_containers(values: Iterable[Any]) -> list[Any]:
    """Return the lists and objects among values; one that is there twice, once."""
    return list({id(value): value for value in values if isinstance(value, Mapping | list | tuple)}.values())


def _list_children(container: Any) -> Iterable[Any]:
    return container.values() if isinstance(container, Mapping) else container
