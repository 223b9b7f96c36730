"""Which references of a document are recursive. Each schema is read once, however many operations use it."""

from collections.abc import Iterator, Mapping

from wren.openapi.errors import NodeInvalid
from wren.openapi.node import Node

DATA = frozenset({"example", "examples", "default", "enum", "const"})
"""Keywords whose values are data, not schemas."""


class References:
    """The references of a document, looked at when they are needed."""

    def __init__(self) -> None:
        self._is_circle: dict[str, bool] = {}
        self._inside: dict[str, list[Node]] = {}

    def is_circle(self, node: Node) -> bool:
        """Tell whether the reference of a node leads back to itself.

        Raises:
            ReferenceOutside: it is in another document, which cannot be read.
        """
        target = node.target
        if target not in self._is_circle:
            self._find_circles(node)
        return self._is_circle[target]

    def _find_circles(self, start: Node) -> None:
        """Find the groups of references that reach one another (Tarjan's algorithm), without recursion."""
        index: dict[str, int] = {}
        lowest: dict[str, int] = {}
        stack: dict[str, None] = {}
        work: list[tuple[str, Iterator[Node]]] = []

        def enter(node: Node, target: str) -> None:
            index[target] = lowest[target] = len(index)
            stack[target] = None
            work.append((target, iter(self._references_in(node, target))))

        enter(start, start.target)
        while work:
            current, rest = work[-1]
            node = next(rest, None)
            if node is not None:
                target = _target_of(node)
                if target and target not in index and target not in self._is_circle:
                    enter(node, target)
                elif target in stack:
                    lowest[current] = min(lowest[current], index[target])
                continue
            work.pop()
            if work:
                above = work[-1][0]
                lowest[above] = min(lowest[above], lowest[current])
            if lowest[current] == index[current]:
                self._close_group(current, stack)

    def _close_group(self, first: str, stack: dict[str, None]) -> None:
        group: list[str] = []
        while not group or group[-1] != first:
            group.append(stack.popitem()[0])
        refers_to_itself = any(_target_of(node) == first for node in self._inside[first])
        self._is_circle |= dict.fromkeys(group, len(group) > 1 or refers_to_itself)

    def _references_in(self, node: Node, target: str) -> list[Node]:
        if target not in self._inside:
            try:
                self._inside[target] = list_references(node.follow())
            except NodeInvalid:  # reported where it is written
                self._inside[target] = []
        return self._inside[target]


def list_references(node: Node) -> list[Node]:
    """List the nodes with references in a schema, at any depth."""
    found: list[Node] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current.value, Mapping):
            if current.reference is not None:
                found.append(current)
            pending.extend(current.inside(key) for key in current.value if key not in DATA and key != "$ref")
        elif isinstance(current.value, list):
            pending.extend(current.items())
    return found


def _target_of(node: Node) -> str:
    """Return what a reference leads to; empty for a document that cannot be read."""
    try:
        return node.target
    except NodeInvalid:
        return ""
