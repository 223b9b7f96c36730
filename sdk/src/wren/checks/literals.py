"""Checks literal values of a script against a JSON Schema."""

import ast
from dataclasses import dataclass
from typing import Any

from pydantic_core import PydanticSerializationError, to_jsonable_python

from wren_core.schemas.type_words import type_words
from wren_core.schemas.validator import Validator

_SHOWN = 80


@dataclass(frozen=True, kw_only=True)
class Literal:
    """A literal value. `is_partial`: only the type of the container or f-string is known."""

    value: Any
    is_partial: bool = False


def read_literal(node: ast.expr) -> Literal | None:
    """Return the literal value of `node`, or None if it is known only at run time."""
    try:
        return Literal(value=ast.literal_eval(node))
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        pass
    if isinstance(node, ast.JoinedStr):
        return Literal(value="", is_partial=True)
    if isinstance(node, ast.List | ast.Tuple | ast.ListComp):
        return Literal(value=[], is_partial=True)
    if isinstance(node, ast.Dict | ast.DictComp):
        return Literal(value={}, is_partial=True)
    return None


def explain_misfit(literal: Literal, schema: dict[str, Any], definitions: dict[str, Any]) -> str | None:
    """Return why a literal does not match a schema, or None if it does."""
    whole = {**schema, "$defs": definitions} if definitions else schema
    try:
        value = to_jsonable_python(literal.value, bytes_mode="base64")
    except (PydanticSerializationError, ValueError, RecursionError):
        return f"expected {type_words(schema, definitions)}, got {_format_value(literal.value)}, which has no JSON form"
    if literal.is_partial:
        allowed = _list_types(schema, definitions)
        fits = not allowed or _find_type(value) in allowed
        return None if fits else f"expected {type_words(schema, definitions)}, got {_find_type(value)}"
    problems = Validator(whole).problems(value)
    if not problems:
        return None
    allowed = _list_types(schema, definitions)
    if problems[0].pointer == "" and allowed and not _has_type(value, allowed):
        return f"expected {type_words(schema, definitions)}, got {_format_value(literal.value)}"
    place = f"at {problems[0].pointer}: " if problems[0].pointer else ""
    return f"{place}{problems[0].message}"


def _has_type(value: Any, allowed: set[str]) -> bool:
    return _find_type(value) in allowed or (_find_type(value) == "integer" and "number" in allowed)


def _list_types(schema: Any, definitions: dict[str, Any], depth: int = 0) -> set[str]:
    """Return the JSON types that a schema allows; empty if it names none."""
    if not isinstance(schema, dict) or depth > 20:
        return set()
    if "$ref" in schema:
        return _list_types(definitions.get(schema["$ref"].rsplit("/", 1)[-1]), definitions, depth + 1)
    options = schema.get("anyOf") or schema.get("oneOf")
    if options:
        found = [_list_types(option, definitions, depth + 1) for option in options]
        return set().union(*found) if all(found) else set()
    values = schema["enum"] if "enum" in schema else [schema["const"]] if "const" in schema else []
    if values:
        return {_find_type(value) for value in values}
    kind = schema.get("type", [])
    return {kind} if isinstance(kind, str) else set(kind)


def _find_type(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _format_value(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
