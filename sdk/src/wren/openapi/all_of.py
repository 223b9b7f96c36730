"""Merges the parts of an `allOf` into one schema, if that means the same. Pure."""

from collections.abc import Iterable
from typing import Any

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
    whole: dict[str, Any] = {}
    for part in given:
        whole = _join(whole, part)
    return whole


def _keep_apart(parts: list[Any]) -> dict[str, Any]:
    """Return an `allOf` of the parts, with title and description outside."""
    first = parts[0] if isinstance(parts[0], dict) else {}
    about = {key: first[key] for key in ("title", "description") if key in first}
    rest = {key: item for key, item in first.items() if key not in about}
    return {**about, "allOf": [*([rest] if rest else []), *(parts[1:] if first else parts)]}


def _is_plain_object(part: dict[str, Any]) -> bool:
    return set(part) <= _MERGED and part.get("type", "object") == "object"


def _join(whole: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    properties = dict(whole.get("properties", {}))
    for name, schema in part.get("properties", {}).items():
        known = properties.get(name)
        properties[name] = schema if known is None or known == schema else merge([known, schema])
    required = dict.fromkeys([*whole.get("required", []), *part.get("required", [])])
    # The keywords of the whole win over those of its parts.
    found = {**part, **whole, "type": "object"}
    found |= {"properties": properties} if properties else {}
    return {**found, "required": list(required)} if required else found
