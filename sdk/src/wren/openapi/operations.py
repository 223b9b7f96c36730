"""The operations of a document, and which of them are wanted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from wren.openapi import naming
from wren.openapi.choice import Choice
from wren.openapi.document import Document, DocumentInvalid, ReferenceInvalid
from wren.openapi.keywords import tidy
from wren_core.nearest import find_nearest, suggest

_VERBS = {"get": "GET", "head": "HEAD", "post": "POST", "put": "PUT", "patch": "PATCH", "delete": "DELETE"}
_READS = frozenset({"GET", "HEAD"})
_EFFECTS = {**dict.fromkeys(_READS, "read"), "DELETE": "destructive"}
EFFECTS = frozenset({"read", "write", "destructive"})
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One operation of a document."""

    verb: str
    path: str
    node: Mapping[str, Any]
    shared: tuple[Any, ...]
    """Parameters of every operation of its path."""
    method_id: str

    @property
    def shown(self) -> str:
        """The operation as people write it: `GET /things`."""
        return f"{self.verb} {self.path}"

    @property
    def effect(self) -> str:
        """What calling it does: what `x-wren-effect` says, else going by the HTTP method."""
        return str(self.node.get("x-wren-effect") or _EFFECTS.get(self.verb, "write"))

    @property
    def is_idempotent(self) -> bool:
        """Tell whether calling it twice equals calling it once, by its HTTP method; a GET that writes does not."""
        return self.verb in _REPEATABLE and (self.verb not in _READS or self.effect == "read")

    @property
    def title(self) -> str:
        """A title for people."""
        return self.method_id.replace("_", " ").strip().title()

    @property
    def docstring(self) -> str:
        """What it does: a sentence, and below it what else the document says."""
        summary = tidy(str(self.node.get("summary") or ""))
        text = tidy(str(self.node.get("description") or ""))
        if not summary:
            first, _, rest = text.partition(". ")
            summary, text = first or f"Call {self.shown}", rest
        first = summary if summary.endswith((".", "!", "?")) else f"{summary}."
        notes = ["The provider is going to remove it."] if self.node.get("deprecated") is True else []
        same = text.rstrip(".") == summary.rstrip(".")
        return "\n\n".join([first, *([] if same or not text else [text]), *notes])


def list_operations(document: Document) -> list[Operation]:
    """List all operations of a document, in its order, each with an id of its own.

    Raises:
        DocumentInvalid: there are no paths.
    """
    paths = document.root.get("paths")
    if not isinstance(paths, Mapping) or not paths:
        raise DocumentInvalid("the document has no paths, so there is nothing to call")
    found: dict[str, Operation] = {}
    for verb, path, node, shared in _nodes(document, paths):
        method_id = naming.method_id(node, verb, path, found)
        found[method_id] = Operation(verb=verb, path=path, node=node, shared=shared, method_id=method_id)
    return list(found.values())


def choose_operations(operations: list[Operation], choice: Choice) -> list[Operation]:
    """Return the operations with one of the tags or ids that were asked for; all where nothing was.

    Raises:
        DocumentInvalid: a tag or an id is nowhere in the document; names the nearest.
    """
    tags = {tag.lower(): tag for operation in operations for tag in _tags(operation)}
    ids = {name for operation in operations for name in _ids(operation)}
    _refuse_unknown("tag", [tag for tag in choice.tags if tag.lower() not in tags], list(tags.values()))
    _refuse_unknown("operation", [name for name in choice.operations if name not in ids], sorted(ids))
    if not choice.tags and not choice.operations:
        return operations
    wanted = {tag.lower() for tag in choice.tags}
    return [
        operation
        for operation in operations
        if wanted & {tag.lower() for tag in _tags(operation)} or set(choice.operations) & _ids(operation)
    ]


def _nodes(
    document: Document, paths: Mapping[str, Any]
) -> Iterator[tuple[str, str, Mapping[str, Any], tuple[Any, ...]]]:
    for path, node in paths.items():
        if not path.startswith("/"):
            continue
        try:
            item = document.resolved(node)
        except ReferenceInvalid:
            continue
        for key, verb in _VERBS.items():
            if isinstance(item.get(key), Mapping):
                yield verb, path, item[key], tuple(item.get("parameters") or ())


def _tags(operation: Operation) -> list[str]:
    tags = operation.node.get("tags")
    return [str(tag) for tag in tags] if isinstance(tags, list) else []


def _ids(operation: Operation) -> set[str]:
    return {str(operation.node.get("operationId") or operation.method_id), operation.method_id, operation.shown}


def _refuse_unknown(what: str, unknown: list[str], known: list[str]) -> None:
    if not unknown:
        return
    nearest = find_nearest(unknown[0], known)
    hint = suggest(nearest, otherwise=f"it has {', '.join(known[:20]) or 'none'}")
    raise DocumentInvalid(
        f"the document has no {what} {unknown[0]!r}; {hint}", details={what: unknown, "nearest": nearest}
    )
