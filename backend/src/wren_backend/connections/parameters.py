"""Values that a person types in, checked against the schema of custom parameters (`CustomAuth.parameters`)."""

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from wren_core import json_pointer
from wren_core.contract.configuration import compiled
from wren_core.schemas.properties import properties_of
from wren_core.schemas.validator import Problem

_WORDS = {"true": True, "false": False}


def misfits(schema: Mapping[str, Any], values: Mapping[str, str]) -> dict[str, str]:
    """Return why values do not fit, by name; never a value. Ignores names that the schema does not know.

    A value is text; where its property is a number, a boolean, an object or an array, it is read as one.
    """
    known = properties_of(schema)
    read = {key: read_text(value, known[key]) for key, value in values.items() if key in known}
    found: dict[str, str] = {}
    for problem in compiled(schema).problems(read):
        found.setdefault(_name(problem), _reason(problem))
    return found


def read_text(text: str, field: Any) -> Any:
    """Return what a person typed as the type that its property has; text where it cannot be read as that."""
    kind = plain_schema(field).get("type")
    value: Any = text
    with suppress(ValueError):
        if kind == "integer":
            value = int(text)
        elif kind == "number":
            value = float(text)
        elif kind == "boolean":
            value = _WORDS.get(text.strip().lower(), text)
        elif kind in ("object", "array"):
            value = json.loads(text)
    return value


def plain_schema(field: Any) -> Mapping[str, Any]:
    """Return the schema of a property without the alternative null."""
    if not isinstance(field, Mapping):
        return {}
    found = field.get("anyOf")
    others = [item for item in found if isinstance(item, Mapping) and item.get("type") != "null"] if found else []
    return {**field, **others[0]} if len(others) == 1 else field


def _name(problem: Problem) -> str:
    return next(iter([*json_pointer.split(problem.pointer), *problem.names]), "")


def _reason(problem: Problem) -> str:
    return "is missing" if problem.keyword == "required" else f"must be {problem.expected}"
