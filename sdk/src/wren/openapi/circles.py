"""Opens the schemas that describe nothing: those whose references come back to them without looking into the value."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_IN_PLACE = ("allOf", "anyOf", "oneOf")


def open_circles(schemas: Iterable[Any], definitions: Mapping[str, Any]) -> list[str]:
    """Take out, in place, each `$ref` that closes such a circle, and return the names of its target; takes linear time.

    Args:
        schemas: what was written.
        definitions: the schemas that it refers to, by name.
    """
    done: set[int] = set()
    opened: list[str] = []
    for node in _iter_schemas([*schemas, *definitions.values()]):
        _walk(node, definitions, done, opened)
    return opened


def _walk(start: dict[str, Any], definitions: Mapping[str, Any], done: set[int], opened: list[str]) -> None:
    open_nodes: set[int] = set()
    pending: list[tuple[dict[str, Any], bool]] = [(start, False)]
    while pending:
        node, is_left = pending.pop()
        if is_left:
            open_nodes.discard(id(node))
            done.add(id(node))
            continue
        if id(node) in done or id(node) in open_nodes:
            continue
        open_nodes.add(id(node))
        pending.append((node, True))
        target = _target_of(node, definitions)
        if target is not None and id(target) in open_nodes:
            opened.append(str(node.pop("$ref")).rpartition("/")[2])
            target = None
        pending.extend((item, False) for item in (*_parts_of(node), *([target] if target is not None else [])))


def _target_of(node: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Any] | None:
    found = definitions.get(str(node.get("$ref", "")).removeprefix("#/$defs/"))
    return found if isinstance(found, dict) else None


def _parts_of(node: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    listed = (item for key in _IN_PLACE if isinstance(node.get(key), list) for item in node[key])
    yield from (item for item in (*listed, node.get("not")) if isinstance(item, dict))


def _iter_schemas(schemas: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Yield the objects in schemas at any depth; data in them does no harm, as it holds no references of ours."""
    pending = list(schemas)
    while pending:
        node = pending.pop()
        if isinstance(node, dict):
            yield node
            pending.extend(node.values())
        elif isinstance(node, list):
            pending.extend(node)
