"""Merges the parts of an `allOf` into one schema, if that means the same. Pure, and linear in the size of the parts."""

from collections.abc import Iterable
from typing import Any

from wren.openapi.keywords import distinct

_MERGED = frozenset({"type", "properties", "required", "title", "description", "examples", "deprecated"})


def merge(parts: Iterable[Any]) -> dict[str, Any]:
    """Return one object for several, or an `allOf` if they have keywords that cannot be merged."""
    given = [part for part in parts if part not in (True, {})]
    if not given:
        return {}
    if len(given) == 1:
        return dict(given[0]) if isinstance(given[0], dict) else {"allOf": given}
    if not all(isinstance(part, dict) and _is_plain_object(part) for part in given):
        return _keep_apart(given)
    return _join(given)


def _keep_apart(parts: list[Any]) -> dict[str, Any]:
    """Return an `allOf` of the parts, with title and description outside."""
    first = parts[0] if isinstance(parts[0], dict) else {}
    about = {key: first[key] for key in ("title", "description") if key in first}
    rest = {key: item for key, item in first.items() if key not in about}
    return {**about, "allOf": [*([rest] if rest else []), *(parts[1:] if first else parts)]}


def _is_plain_object(part: dict[str, Any]) -> bool:
    return set(part) <= _MERGED and part.get("type", "object") == "object"


def _join(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Join objects; of other keywords the first part's win."""
    properties: dict[str, list[Any]] = {}
    required: dict[str, None] = {}
    whole: dict[str, Any] = {}
    for part in parts:
        for key, item in part.items():
            whole.setdefault(key, item)
        for name, schema in part.get("properties", {}).items():
            properties.setdefault(name, []).append(schema)
        required |= dict.fromkeys(part.get("required", []))
    joined = {name: distinct(schemas) for name, schemas in properties.items()}
    whole["type"] = "object"
    if joined:
        whole["properties"] = {name: found[0] if len(found) == 1 else merge(found) for name, found in joined.items()}
    if required:
        whole["required"] = list(required)
    return whole
