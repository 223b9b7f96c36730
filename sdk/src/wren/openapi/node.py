"""A part of a document: its value and its JSON pointer, so that every error names its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from wren.openapi.errors import NodeInvalid
from wren_core import json_pointer

_MAX_HOPS = 50
_KINDS = {dict: "an object", list: "an array", str: "text", bool: "a boolean", int: "a number", float: "a number"}


@dataclass(frozen=True)
class Node:
    """A value of a document, and its place."""

    value: Any
    pointer: str = ""
    root: Any = field(default=None, repr=False)
    """The whole document, in which references are looked up."""

    @classmethod
    def of(cls, document: Any) -> "Node":
        """Return the node of a whole document."""
        return cls(document, root=document)

    def invalid(self, reason: str) -> NodeInvalid:
        """Return the error for a mistake at this place."""
        return NodeInvalid(self.pointer, reason)

    def members(self) -> dict[str, "Node"]:
        """Return the members of an object.

        Raises:
            NodeInvalid: it is not an object.
        """
        if not isinstance(self.value, Mapping):
            raise self._misfit("an object")
        return {key: self._inside(key, item) for key, item in self.value.items()}

    def items(self) -> list["Node"]:
        """Return the items of an array; raises NodeInvalid if it is not an array."""
        if not isinstance(self.value, list):
            raise self._misfit("an array")
        return [self._inside(index, item) for index, item in enumerate(self.value)]

    def find(self, key: str) -> "Node | None":
        """Return a member of an object, or None if absent or null; raises NodeInvalid if this is not an object."""
        if not isinstance(self.value, Mapping):
            raise self._misfit("an object")
        item = self.value.get(key)
        return None if item is None else self._inside(key, item)

    def members_at(self, key: str) -> dict[str, "Node"]:
        """Return the members of the object at a key, empty if absent; raises NodeInvalid as `members` does."""
        found = self.find(key)
        return {} if found is None else found.members()

    def items_at(self, key: str) -> list["Node"]:
        """Return the items of the array at a key, empty if absent; raises NodeInvalid as `items` does."""
        found = self.find(key)
        return [] if found is None else found.items()

    def text_at(self, key: str) -> str:
        """Return the text at a key; a number as text, anything else as empty text."""
        found = self.find(key)
        return str(found.value) if found is not None and isinstance(found.value, str | int | float) else ""

    def is_true(self, key: str) -> bool:
        """Tell whether the value at a key is `true`."""
        return isinstance(self.value, Mapping) and self.value.get(key) is True

    @property
    def reference(self) -> str | None:
        """The `$ref` of an object that has one."""
        found = self.value.get("$ref") if isinstance(self.value, Mapping) else None
        return found if isinstance(found, str) else None

    def follow(self) -> "Node":
        """Return the target of one `$ref`, or this node.

        Raises:
            NodeInvalid: the target is missing, or outside the document.
        """
        if self.reference is None:
            return self
        if not self.reference.startswith("#"):
            raise self.invalid(f"$ref {self.reference!r} points outside the document, which is never fetched")
        found = json_pointer.find_reference(self.root, self.reference)
        if found is json_pointer.MISSING:
            raise self.invalid(f"$ref {self.reference!r} has no target")
        return replace(self, value=found, pointer=self.reference[1:])

    def resolve(self) -> "Node":
        """Return the object at the end of all `$ref`s.

        Raises:
            NodeInvalid: a target is missing, outside the document or not an object, or they form a cycle.
        """
        found = self
        for _ in range(_MAX_HOPS):
            if found.reference is None:
                if not isinstance(found.value, Mapping):
                    raise found._misfit("an object")
                return found
            found = found.follow()
        raise self.invalid("its $refs form a cycle")

    def _inside(self, key: Any, value: Any) -> "Node":
        return Node(value, self.pointer + json_pointer.build([key]), self.root)

    def _misfit(self, wanted: str) -> NodeInvalid:
        return self.invalid(f"must be {wanted}, not {_KINDS.get(type(self.value), 'null')}")
