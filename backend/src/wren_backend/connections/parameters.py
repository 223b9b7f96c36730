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
    read = {key: _read(value, known[key]) for key, value in values.items() if key in known}
    found: dict[str, str] = {}
    for problem in compiled(schema).problems(read):
        found.setdefault(_name(problem), _reason(problem))
    return found


def _read(text: str, field: Any) -> Any:
    kind = field.get("type") if isinstance(field, Mapping) else None
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


def _name(problem: Problem) -> str:
    return next(iter([*json_pointer.split(problem.pointer), *problem.names]), "")


def _reason(problem: Problem) -> str:
    return "is missing" if problem.keyword == "required" else f"must be {problem.expected}"
