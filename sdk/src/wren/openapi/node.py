"""A part of a document: its value and its JSON pointer, so that every error names its place."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from wren.openapi.errors import NodeInvalid, ReferenceOutside
from wren_core import json_pointer

_MAX_HOPS = 50
_KINDS = {dict: "an object", list: "an array", str: "text", bool: "a boolean", int: "a number", float: "a number"}


class SourceDocument(Protocol):
    """A file that references are looked up in."""

    @property
    def name(self) -> str:
        """Its name as the main document sees it; empty for the main document."""
        ...

    @property
    def content(self) -> Any:
        """Its whole value."""
        ...

    def open(self, reference: str) -> "SourceDocument":
        """Return the document that the part of a reference before its `#` names.

        Raises:
            DocumentMissing: it cannot be read, with the reason.
        """
        ...


class DocumentMissing(Exception):
    """Another document cannot be read; the message says why."""


@dataclass(frozen=True)
class LoneSource:
    """A document without other documents."""

    content: Any = field(repr=False)
    name: str = ""

    def open(self, reference: str) -> SourceDocument:
        """Refuse: it has no folder in which other files could be."""
        raise DocumentMissing("nothing is fetched" if "://" in reference else "its folder is not known")


@dataclass(frozen=True)
class Node:
    """A value of a document, and its place."""

    value: Any
    base: str = ""
    """The pointer of a node without parent."""
    document: SourceDocument = field(default=LoneSource(None), repr=False)
    parent: "Node | None" = field(default=None, repr=False, compare=False)
    key: str | int = field(default="", compare=False)

    @classmethod
    def of(cls, document: Any) -> "Node":
        """Return the node of a whole document without others."""
        return cls(document, document=LoneSource(document))

    @property
    def pointer(self) -> str:
        """The place in its document; it is built when an error names it, as a long key may be above many nodes."""
        keys: list[str | int] = []
        node = self
        while node.parent is not None:
            keys.append(node.key)
            node = node.parent
        return node.base + json_pointer.build(reversed(keys))

    def with_value(self, value: Any) -> "Node":
        """Return a node with another value at the same place."""
        return Node(value, self.base, self.document, self.parent, self.key)

    def invalid(self, reason: str) -> NodeInvalid:
        """Return the error for a mistake at this place."""
        return NodeInvalid(self.document.name + self.pointer, reason)

    def members(self) -> dict[str, "Node"]:
        """Return the members of an object, or of the object that it refers to.

        Raises:
            NodeInvalid: it is not an object.
        """
        if self.reference is not None:
            return self.resolve().members()
        if not isinstance(self.value, Mapping):
            raise self.misfit("an object")
        return {key: self.inside(key, item) for key, item in self.value.items()}

    def items(self) -> list["Node"]:
        """Return the items of an array, or of the one it refers to; raises NodeInvalid if it is not an array."""
        found = self.end_of_references()
        if not isinstance(found.value, list):
            raise found.misfit("an array")
        return [found.inside(index, item) for index, item in enumerate(found.value)]

    def find(self, key: str) -> "Node | None":
        """Return a member of an object, or of the object that it refers to; None if absent or null.

        Raises:
            NodeInvalid: it is not an object.
        """
        if not isinstance(self.value, Mapping):
            raise self.misfit("an object")
        item = self.value.get(key)
        if item is None and self.reference is not None:
            return self.resolve().find(key)
        return None if item is None else self.inside(key, item)

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
            NodeInvalid: the target is missing.
            ReferenceOutside: it is in another document, which cannot be read.
        """
        if self.reference is None:
            return self
        file, _, fragment = self.reference.partition("#")
        document = self.document if not file else self._open(file)
        found = json_pointer.find_reference(document.content, f"#{fragment}")
        if found is json_pointer.MISSING:
            raise self.invalid(f"$ref {self.reference!r} has no target")
        return Node(found, fragment, document)

    @property
    def target(self) -> str:
        """The name of what its reference leads to: the same for every way to write it.

        Raises:
            ReferenceOutside: it is in another document, which cannot be read.
        """
        file, _, fragment = str(self.reference).partition("#")
        document = self.document if not file else self._open(file)
        return f"{document.name}#{fragment}"

    def resolve(self) -> "Node":
        """Return the object at the end of all `$ref`s.

        Raises:
            NodeInvalid: a target is missing, outside the document or not an object, or they form a cycle.
        """
        found = self.end_of_references()
        if not isinstance(found.value, Mapping):
            raise found.misfit("an object")
        return found

    def end_of_references(self) -> "Node":
        """Return what is at the end of all `$ref`s; raises NodeInvalid as `resolve` does."""
        found = self
        for _ in range(_MAX_HOPS):
            if found.reference is None:
                return found
            found = found.follow()
        raise self.invalid("its $refs form a cycle")

    def _open(self, file: str) -> SourceDocument:
        try:
            return self.document.open(file)
        except DocumentMissing as exc:
            reason = f"$ref {self.reference!r} leads to another document: {exc}"
            raise ReferenceOutside(self.document.name + self.pointer, reason, is_file="://" not in file) from exc

    def inside(self, key: str | int, value: Any = None) -> "Node":
        """Return the node of a member or an item; its value may be given."""
        return Node(self.value[key] if value is None else value, "", self.document, self, key)

    def misfit(self, wanted: str) -> NodeInvalid:
        """Return the error for a value of another kind than is wanted at this place."""
        return self.invalid(f"must be {wanted}, not {_KINDS.get(type(self.value), 'null')}")
