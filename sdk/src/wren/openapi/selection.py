"""Selects the operations of an API to import."""

from collections.abc import Iterable, Sequence

from wren.openapi.choice import Choice
from wren.openapi.errors import DocumentInvalid
from wren.openapi.model import Operation
from wren_core.nearest import find_nearest, suggest


def choose_operations(operations: Sequence[Operation], choice: Choice) -> list[Operation]:
    """Return the operations with one of the chosen tags or ids; all if none is chosen.

    Raises:
        DocumentInvalid: the document lacks a tag or an id; names the nearest.
    """
    tags = {tag.lower(): tag for operation in operations for tag in operation.tags}
    ids = {name for operation in operations for name in operation.ids}
    _refuse_unknown("tag", [tag for tag in choice.tags if tag.lower() not in tags], tags.values())
    _refuse_unknown("operation", [name for name in choice.operations if name not in ids], sorted(ids))
    if not choice.tags and not choice.operations:
        return list(operations)
    wanted = {tag.lower() for tag in choice.tags}
    return [
        operation
        for operation in operations
        if wanted & {tag.lower() for tag in operation.tags} or set(choice.operations) & operation.ids
    ]


def _refuse_unknown(what: str, unknown: list[str], known: Iterable[str]) -> None:
    if not unknown:
        return
    names = list(known)
    nearest = find_nearest(unknown[0], names)
    hint = suggest(nearest, otherwise=f"it has {', '.join(names[:20]) or 'none'}")
    raise DocumentInvalid(
        f"the document has no {what} {unknown[0]!r}; {hint}", details={what: unknown, "nearest": nearest}
    )
