"""Schemas of a document, written out whole: every `$ref` inlined, those in circles and the larger ones in `$defs`.

Documents refer from schema to schema until everything hangs together; written out, one answer of a large API would be
megabytes. So there is a budget for each method, and beyond it an object is only said to be one.
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from wren.openapi.document import Document, ReferenceInvalid
from wren.openapi.keywords import Direction, nullable, plain_keywords
from wren.openapi.merging import merged

MAX_NODES: dict[Direction, int] = {"input": 1500, "output": 600}
"""Subschemas that the input, or the output, of a method may have: some forty kilobytes."""
# What a schema says itself cannot be cut; but what comes back again and again without a name has an end.
_MOST_OVERDRAWN = 20
# Levels of schemas in schemas; what is deeper is put together with names, or is none that anybody could use.
_MOST_LEVELS = 50
_HIDDEN = {"input": "readOnly", "output": "writeOnly"}
_UNSUPPORTED = ("$dynamicRef", "$recursiveRef")
_ANNOTATIONS = frozenset({"description", "title", "nullable", "readOnly", "writeOnly", "example", "examples"})
_LISTED_IN_PLACE = ("anyOf", "oneOf")


class SchemaWriter:
    """Writes schemas of one direction.

    Args:
        document: where references lead.
        direction: properties that are only read are no input; those that are only written are no output.
        max_nodes: the budget.
        is_partial: what is required may be missing all the same.
    """

    def __init__(
        self, document: Document, direction: Direction, *, max_nodes: int | None = None, is_partial: bool = False
    ) -> None:
        self._document = document
        self._direction = direction
        self._max_nodes = max_nodes or MAX_NODES[direction]
        self._is_partial = is_partial
        self._circles: dict[str, bool] = {}
        self._inside: dict[str, list[str]] = {}

    def write(self, schemas: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], bool]:
        """Return the schemas in 2020-12, the `$defs` they share, and whether the budget was enough.

        Raises:
            ReferenceInvalid: a reference leads nowhere, or out of the document.
        """
        # Answers keep their names, which documents show; arguments are written out, which models understand best.
        plans = [(True, False)] if self._direction == "output" else [(False, False), (True, False)]
        for shares, cuts in [*plans, (True, True)]:
            draft = _Draft(
                self._document, self._direction, self._is_circle, shares=shares, cuts=cuts, budget=self._max_nodes
            )
            draft.is_partial = self._is_partial
            try:
                written = draft.write(schemas)
            except _BudgetSpent:
                continue
            return written, draft.definitions, not draft.was_cut
        raise ReferenceInvalid(f"its own schema has more than {self._max_nodes} parts, or {_MOST_LEVELS} levels")

    def _is_circle(self, reference: str) -> bool:
        """Tell whether following a reference leads back to it."""
        if reference not in self._circles:
            seen: set[str] = set()
            pending = [*self._references_in(reference)]
            while pending and reference not in seen:
                current = pending.pop()
                if current not in seen:
                    seen.add(current)
                    pending += self._references_in(current)
            self._circles[reference] = reference in seen
        return self._circles[reference]

    def _references_in(self, reference: str) -> list[str]:
        if reference not in self._inside:
            self._inside[reference] = _references(self._document.target(reference))
        return self._inside[reference]


class _BudgetSpent(Exception):
    """What is to be written is larger than allowed."""


class _Draft:
    """One attempt to write schemas."""

    def __init__(
        self,
        document: Document,
        direction: Direction,
        is_circle: Callable[[str], bool],
        *,
        shares: bool,
        cuts: bool,
        budget: int,
    ) -> None:
        self.definitions: dict[str, Any] = {}
        self.was_cut = False
        self.is_partial = False
        self._document, self._direction, self._is_circle = document, direction, is_circle
        self._shares, self._cuts, self._budget, self._left = shares, cuts, budget, budget
        self._level = 0
        self._names: dict[str, str] = {}
        self._pending: deque[str] = deque()

    def write(self, schemas: Mapping[str, Any]) -> dict[str, Any]:
        written = {name: self._schema(node) for name, node in schemas.items()}
        while self._pending:
            reference = self._pending.popleft()
            target = self._document.target(reference)
            is_cut = self._cuts and self._left <= 0
            self.was_cut |= is_cut
            self.definitions[self._names[reference]] = self._outline(target) if is_cut else self._schema(target)
        return written

    def _schema(self, node: Any) -> Any:
        if isinstance(node, bool):
            return node
        if not isinstance(node, Mapping):
            raise ReferenceInvalid(f"a schema is expected, not {type(node).__name__}")
        self._left -= 1
        if self._left < (-_MOST_OVERDRAWN * self._budget if self._cuts else 0):
            raise _BudgetSpent
        if any(key in node for key in _UNSUPPORTED):
            raise ReferenceInvalid("its schema uses references that depend on who asks ($dynamicRef)")
        if self._level == _MOST_LEVELS:
            raise _BudgetSpent
        self._level += 1
        try:
            return self._written(node)
        finally:
            self._level -= 1

    def _written(self, node: Mapping[str, Any]) -> Any:
        if isinstance(node.get("$ref"), str):
            return self._reference(node)
        return self._all_of(node) if isinstance(node.get("allOf"), list) else self._finished(node, self._own(node))

    def _reference(self, node: Mapping[str, Any]) -> Any:
        reference: str = node["$ref"]
        about = {key: node[key] for key in ("description",) if isinstance(node.get(key), str)}
        target = self._document.target(reference)
        if self._is_circle(reference) or (self._shares and _is_record(target)):
            found: Any = {"$ref": f"#/$defs/{self._name(reference)}", **about}
        else:
            found = self._schema(target)
            found = {**found, **about} if isinstance(found, dict) else found
        return nullable(found) if node.get("nullable") is True else found

    def _name(self, reference: str) -> str:
        """Return the name a reference has in `$defs`, which will be written in time."""
        if reference not in self._names:
            base = re.sub(r"[^A-Za-z0-9_.-]+", "_", reference.rpartition("/")[2]) or "schema"
            name, number = base, 2
            while name in self._names.values():
                name, number = f"{base}_{number}", number + 1
            self._names[reference] = name
            self._pending.append(reference)
        return self._names[reference]

    def _own(self, node: Mapping[str, Any]) -> dict[str, Any]:
        """Write the keywords of a schema, composition apart."""
        written = {**plain_keywords(node, self._direction), **self._object(node), **self._array(node)}
        if self.is_partial or not written.get("required", True):
            written.pop("required", None)
        for key in _LISTED_IN_PLACE:
            options = node.get(key)
            if isinstance(options, list) and options:
                # One of them exactly, says oneOf; with what is left out here several may fit.
                written["anyOf"] = [*written.get("anyOf", []), *map(self._schema, options)]
        if isinstance(node.get("not"), Mapping) and self._direction == "input":
            written["not"] = self._schema(node["not"])
        return written

    def _object(self, node: Mapping[str, Any]) -> dict[str, Any]:
        written: dict[str, Any] = {}
        properties = node.get("properties")
        if isinstance(properties, Mapping):
            shown = {name: item for name, item in properties.items() if not self._is_hidden(item)}
            written["properties"] = {name: self._schema(item) for name, item in shown.items()}
            if isinstance(node.get("required"), list):
                hidden = set(properties) - set(shown)
                written["required"] = [
                    name for name in plain_keywords(node, "output").get("required", []) if name not in hidden
                ]
            if "type" not in node:
                written["type"] = "object"
        further = node.get("additionalProperties")
        if isinstance(further, Mapping):
            written["additionalProperties"] = self._schema(further)
        elif further is False and self._direction == "input":
            written["additionalProperties"] = False
        return written

    def _array(self, node: Mapping[str, Any]) -> dict[str, Any]:
        items = node.get("items")
        if isinstance(items, list):  # a tuple, as schemas before 2020-12 wrote it
            return {"prefixItems": [self._schema(item) for item in items]} if items else {}
        if isinstance(node.get("prefixItems"), list) and node["prefixItems"]:
            return {"prefixItems": [self._schema(item) for item in node["prefixItems"]]}
        return {"items": self._schema(items)} if isinstance(items, Mapping | bool) else {}

    def _all_of(self, node: Mapping[str, Any]) -> Any:
        rest = {key: item for key, item in node.items() if key != "allOf"}
        parts = [part for part in node["allOf"] if part is not True]
        if len(parts) == 1 and set(rest) <= _ANNOTATIONS | {"type"}:
            only = self._schema(parts[0])
            about = {key: item for key, item in plain_keywords(rest, self._direction).items() if key != "type"}
            return self._finished(node, {**only, **about} if isinstance(only, dict) else only)
        # Written out, so that one object comes of them where that is possible.
        written = [self._schema(self._opened(part)) for part in parts]
        return self._finished(node, merged([self._own(rest), *written]))

    def _opened(self, part: Any) -> Any:
        if isinstance(part, Mapping) and isinstance(part.get("$ref"), str) and not self._is_circle(part["$ref"]):
            return self._opened(self._document.target(part["$ref"]))
        return part

    def _finished(self, node: Mapping[str, Any], written: Any) -> Any:
        return nullable(written) if node.get("nullable") is True and isinstance(written, dict) else written

    def _is_hidden(self, node: Any) -> bool:
        mark = _HIDDEN[self._direction]
        if isinstance(node, Mapping) and node.get(mark) is True:
            return True
        return isinstance(node, Mapping) and isinstance(node.get("$ref"), str) and self._target_is_hidden(node["$ref"])

    def _target_is_hidden(self, reference: str) -> bool:
        target = self._document.target(reference)
        return isinstance(target, Mapping) and target.get(_HIDDEN[self._direction]) is True

    def _outline(self, node: Any) -> Any:
        """Write of a schema only what kind of value it is."""
        if not isinstance(node, Mapping):
            return True
        kept = plain_keywords(node, "output")
        written: dict[str, Any] = {key: kept[key] for key in ("title", "description", "type") if key in kept}
        if "type" not in written and isinstance(node.get("properties"), Mapping):
            written["type"] = "object"
        return nullable(written) if node.get("nullable") is True else written


def _is_record(target: Any) -> bool:
    """Tell whether a schema describes an object with members, which deserves a name."""
    return isinstance(target, Mapping) and any(
        isinstance(target.get(key), Mapping | list) and target[key] for key in ("properties", "allOf", "anyOf", "oneOf")
    )


def _references(node: Any) -> list[str]:
    """List the references of a schema, wherever in it."""
    found: list[str] = []
    pending = [node]
    while pending:
        current = pending.pop()
        if isinstance(current, Mapping):
            if isinstance(current.get("$ref"), str):
                found.append(current["$ref"])
            pending.extend(
                item for key, item in current.items() if key not in ("example", "examples", "default", "enum")
            )
        elif isinstance(current, list):
            pending.extend(current)
    return found
