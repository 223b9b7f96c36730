"""Writes schemas of a document in full: each `$ref` is inlined, or moved to `$defs` if it is recursive or large.

The schemas of a document refer to each other; in full, one answer of a large API would take megabytes. So each method
has a budget, and beyond it an object has no members.
"""

import re
from collections import deque
from collections.abc import Mapping
from typing import Any

from wren.openapi.all_of import merge
from wren.openapi.circles import open_circles
from wren.openapi.errors import NodeInvalid, ReferenceOutside
from wren.openapi.keywords import Direction, nullable, plain_keywords
from wren.openapi.node import Node
from wren.openapi.python_names import UniqueNames
from wren.openapi.references import References

MAX_NODES: dict[Direction, int] = {"input": 1500, "output": 600}
"""Subschemas that the input, or the output, of a method may have: some forty kilobytes."""
# The top-level schema cannot be cut; this also ends an endless repetition of a schema without a name.
_MOST_OVERDRAWN = 20
# Levels of nested schemas; deeper ones are written by name, or refused.
_MOST_LEVELS = 50
_HIDDEN = {"input": "readOnly", "output": "writeOnly"}
_UNSUPPORTED = ("$dynamicRef", "$recursiveRef")
_ANNOTATIONS = frozenset({"description", "title", "nullable", "readOnly", "writeOnly", "example", "examples"})
_LONGEST_NAME = 100
_LISTED_IN_PLACE = ("anyOf", "oneOf")


class SchemaWriter:
    """Writes schemas of one direction.

    Args:
        direction: read-only properties are left out of the input, write-only ones out of the output.
        max_nodes: the budget.
        is_partial: required properties may be missing.
    """

    def __init__(self, direction: Direction, *, max_nodes: int | None = None, is_partial: bool = False) -> None:
        self._direction = direction
        self._max_nodes = max_nodes or MAX_NODES[direction]
        self._is_partial = is_partial
        self._references = References()
        self.notes: list[str] = []
        """What was left open in the schemas that were written last, and why."""

    def write(self, schemas: Mapping[str, Node]) -> tuple[dict[str, Any], dict[str, Any], bool]:
        """Return the schemas in 2020-12, their shared `$defs`, and whether the budget was enough.

        Raises:
            NodeInvalid: a schema is invalid, or a reference has no target inside the document.
        """
        # Answers keep names, which documents show; arguments are written in full, which models understand best.
        plans = [(True, False)] if self._direction == "output" else [(False, False), (True, False)]
        for shares, cuts in [*plans, (True, True)]:
            draft = _Draft(self._direction, self._references, shares=shares, cuts=cuts, budget=self._max_nodes)
            draft.is_partial = self._is_partial
            try:
                written = draft.write(schemas)
            except _BudgetSpent:
                continue
            opened = open_circles(written.values(), draft.definitions)
            circles = [f"{name} refers to itself without describing anything" for name in dict.fromkeys(opened)]
            self.notes = list(dict.fromkeys([*draft.notes, *circles]))
            return written, draft.definitions, not draft.was_cut
        first = next(iter(schemas.values()))
        raise first.invalid(f"its schema has more than {self._max_nodes} parts, or {_MOST_LEVELS} levels")


class _BudgetSpent(Exception):
    """The schemas are larger than allowed."""


class _Draft:
    """One attempt to write schemas."""

    def __init__(
        self,
        direction: Direction,
        references: References,
        *,
        shares: bool,
        cuts: bool,
        budget: int,
    ) -> None:
        self.definitions: dict[str, Any] = {}
        self.was_cut = False
        self.is_partial = False
        self.notes: list[str] = []
        self._direction, self._references = direction, references
        self._shares, self._cuts, self._budget, self._left = shares, cuts, budget, budget
        self._level = 0
        self._names: dict[str, str] = {}
        self._free_names = UniqueNames()
        self._pending: deque[Node] = deque()

    def write(self, schemas: Mapping[str, Node]) -> dict[str, Any]:
        written = {name: self._write(node) for name, node in schemas.items()}
        while self._pending:
            node = self._pending.popleft()
            target = node.follow()
            is_cut = self._cuts and self._left <= 0
            self.was_cut |= is_cut
            outline = self._write_outline(target) if is_cut else self._write(target)
            self.definitions[self._names[node.target]] = outline
        return written

    def _write(self, node: Node) -> Any:
        if isinstance(node.value, bool):
            return node.value
        if not isinstance(node.value, Mapping):
            misfit = node.invalid(f"a schema is expected, not {type(node.value).__name__}")
            if self._direction == "input":
                raise misfit
            self.notes.append(str(misfit))
            return {}
        self._left -= 1
        if _count_parts(node.value) > _MOST_OVERDRAWN * self._budget:
            raise _BudgetSpent
        if self._left < (-_MOST_OVERDRAWN * self._budget if self._cuts else 0):
            raise _BudgetSpent
        if any(key in node.value for key in _UNSUPPORTED):
            self.notes.append(f"{node.pointer}: the target of its $dynamicRef depends on the caller")
            return {}
        if self._level == _MOST_LEVELS:
            raise _BudgetSpent
        self._level += 1
        try:
            return self._write_opened(node)
        finally:
            self._level -= 1

    def _write_opened(self, node: Node) -> Any:
        if node.reference is not None:
            return self._write_reference(node)
        if isinstance(node.value.get("allOf"), list):
            return self._write_all_of(node)
        return _with_null(node, self._write_own(node))

    def _write_reference(self, node: Node) -> Any:
        about = {key: node.value[key] for key in ("description",) if isinstance(node.value.get(key), str)}
        target = self._follow(node)
        if target is None:
            return about
        if self._references.is_circle(node) or (self._shares and _is_record(target.value)):
            found: Any = {"$ref": f"#/$defs/{self._name(node)}", **about}
        else:
            found = self._write(target)
            found = {**found, **about} if isinstance(found, dict) else found
        return _with_null(node, found)

    def _name(self, node: Node) -> str:
        """Return the name of a reference in `$defs`, and queue its schema."""
        target = node.target
        if target not in self._names:
            last = target.removesuffix("#").rpartition("/")[2]
            base = re.sub(r"[^A-Za-z0-9_.-]+", "_", last)[:_LONGEST_NAME] or "schema"
            self._names[target] = self._free_names.take(base)
            self._pending.append(node)
        return self._names[target]

    def _follow(self, node: Node) -> Node | None:
        """Return the target of a reference; None, with a note, where it has none, so that the rest can be used.

        Raises:
            ReferenceOutside: it is in another file, which cannot be read.
        """
        try:
            node.target  # noqa: B018 - opens the document
            return node.follow()
        except ReferenceOutside as exc:
            if exc.is_file:
                raise
            self.notes.append(str(exc))
        except NodeInvalid as exc:
            self.notes.append(str(exc))
        return None

    def _write_own(self, node: Node, *, without: str = "") -> dict[str, Any]:
        """Write the keywords of a schema, without `allOf`."""
        value = {key: item for key, item in node.value.items() if key != without}
        written = {**plain_keywords(value, self._direction), **self._write_object(node), **self._write_array(node)}
        if self.is_partial or not written.get("required", True):
            written.pop("required", None)
        for key in _LISTED_IN_PLACE:
            if isinstance(value.get(key), list) and value[key]:
                # oneOf allows exactly one match; without the omitted keywords, several may match.
                written["anyOf"] = [*written.get("anyOf", []), *map(self._write, node.items_at(key))]
        negated = node.find("not")
        if negated is not None and isinstance(negated.value, Mapping) and self._direction == "input":
            written["not"] = self._write(negated)
        return written

    def _write_object(self, node: Node) -> dict[str, Any]:
        written: dict[str, Any] = {}
        if isinstance(node.value.get("properties"), Mapping):
            properties = node.members_at("properties")
            kept = {name: item for name, item in properties.items() if not self._is_hidden(item)}
            written["properties"] = {name: self._write(item) for name, item in kept.items()}
            if isinstance(node.value.get("required"), list):
                hidden = set(properties) - set(kept)
                required = plain_keywords(node.value, "output").get("required", [])
                written["required"] = [name for name in required if name not in hidden]
            if "type" not in node.value:
                written["type"] = "object"
        further = node.find("additionalProperties")
        if further is not None and isinstance(further.value, Mapping):
            written["additionalProperties"] = self._write(further)
        elif further is not None and further.value is False and self._direction == "input":
            written["additionalProperties"] = False
        return written

    def _write_array(self, node: Node) -> dict[str, Any]:
        for key in ("items", "prefixItems"):  # before 2020-12, a tuple was a list in `items`
            if isinstance(node.value.get(key), list):
                items = [self._write(item) for item in node.items_at(key)]
                return {"prefixItems": items} if items else {}
        found = node.find("items")
        return {"items": self._write(found)} if found is not None and isinstance(found.value, Mapping | bool) else {}

    def _write_all_of(self, node: Node) -> Any:
        parts = [part for part in node.items_at("allOf") if part.value is not True]
        rest = {key: item for key, item in node.value.items() if key != "allOf"}
        if len(parts) == 1 and set(rest) <= _ANNOTATIONS | {"type"}:
            only = self._write(parts[0])
            about = {key: item for key, item in plain_keywords(rest, self._direction).items() if key != "type"}
            return _with_null(node, {**only, **about} if isinstance(only, dict) else only)
        # Written in full, so that they become one object if possible.
        written = [self._write(self._open(part)) for part in parts]
        return _with_null(node, merge([self._write_own(node, without="allOf"), *written]))

    def _open(self, part: Node) -> Node:
        """Follow references to the end; keep recursive ones."""
        for _ in range(_MOST_LEVELS):
            target = part if part.reference is None else self._follow(part)
            if target is None:
                return part.with_value({})
            if target is part or self._references.is_circle(part):
                return part
            part = target
        raise part.invalid(f"its $refs form a chain of more than {_MOST_LEVELS}")

    def _is_hidden(self, node: Node) -> bool:
        mark = _HIDDEN[self._direction]
        if node.is_true(mark) or node.reference is None:
            return node.is_true(mark)
        try:
            return node.follow().is_true(mark)
        except NodeInvalid:  # noted where it is written
            return False

    def _write_outline(self, node: Node) -> Any:
        """Write only the type of value that a schema describes."""
        if not isinstance(node.value, Mapping):
            return True
        kept = plain_keywords(node.value, "output")
        written: dict[str, Any] = {key: kept[key] for key in ("title", "description", "type") if key in kept}
        if "type" not in written and isinstance(node.value.get("properties"), Mapping):
            written["type"] = "object"
        return _with_null(node, written)


def _with_null(node: Node, written: Any) -> Any:
    """Return a schema that also accepts null, if OpenAPI 3.0 or Swagger's extension says so."""
    is_nullable = node.is_true("nullable") or node.is_true("x-nullable")
    return nullable(written) if is_nullable and isinstance(written, dict) else written


def _is_record(target: Any) -> bool:
    """Tell whether a schema describes an object with members, which gets a name."""
    return isinstance(target, Mapping) and any(
        isinstance(target.get(key), Mapping | list) and target[key] for key in ("properties", "allOf", "anyOf", "oneOf")
    )


def _count_parts(schema: Mapping[str, Any]) -> int:
    """Count the direct parts of a schema, so that one which is far too large is not read at all."""
    parts = (schema.get(key) for key in ("properties", "allOf", "anyOf", "oneOf", "prefixItems", "items"))
    return sum(len(part) for part in parts if isinstance(part, Mapping | list))
