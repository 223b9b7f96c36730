"""JSON Schemas in a form that can be compared: references resolved, unions as lists, texts removed. Pure."""

from collections.abc import Mapping
from typing import Any

from wren_core import json_pointer

Schema = Mapping[str, Any]

# Texts for readers; they constrain no value.
_WORDS = frozenset(
    {"title", "description", "examples", "deprecated", "readOnly", "writeOnly"}
    | {"$comment", "$schema", "$id", "$defs", "definitions", "discriminator"}
)
# The keys below these are names or values, not keywords.
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
_VALUES = frozenset({"enum", "const", "required", "dependentRequired"})
_UNIONS = ("anyOf", "oneOf")


def inline_references(schema: Schema) -> Schema:
    """Return a schema with local references resolved; a recursive one, which no plugin may have, is kept."""
    return _inline(schema, schema, ())  # type: ignore[no-any-return]  # an object stays an object


def list_alternatives(schema: Schema) -> list[Schema]:
    """Return the schemas of which a value must fit one: those of a union, and one for each type."""
    union = next((keyword for keyword in _UNIONS if keyword in schema), None)
    if union is not None:
        rest = {key: value for key, value in schema.items() if key != union and key not in _WORDS and key != "default"}
        return [found for option in schema[union] for found in list_alternatives({**_inline_object(option), **rest})]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": kind} for kind in schema["type"]]
    return [schema]


def find_kind(schema: Schema) -> str:
    """Return the type of a schema's values; `any` where it does not say."""
    if "type" in schema:
        return str(schema["type"])
    if "properties" in schema:
        return "object"
    if "const" in schema or "enum" in schema:
        kinds = {_find_value_kind(value) for value in schema.get("enum", [schema.get("const")])}
        return kinds.pop() if len(kinds) == 1 else "any"
    return "any"


def strip_texts(schema: Any) -> Any:
    """Return a schema without descriptions, titles and examples, at any depth."""
    if isinstance(schema, list):
        return [strip_texts(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {key: _strip(key, value) for key, value in schema.items() if key not in _WORDS}


def _strip(key: str, value: Any) -> Any:
    if key in _NAMED and isinstance(value, Mapping):
        return {name: strip_texts(item) for name, item in value.items()}
    return value if key in _VALUES or key == "default" else strip_texts(value)


def _inline(node: Any, root: Schema, within: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_inline(item, root, within) for item in node]
    if not isinstance(node, Mapping):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str) and reference not in within:
        target = json_pointer.find_reference(root, reference)
        if target is not json_pointer.MISSING:
            rest = {key: value for key, value in node.items() if key != "$ref"}
            found: dict[str, Any] = _inline({**_inline_object(target), **rest}, root, (*within, reference))
            return found
    return {key: _inline_at(key, value, root, within) for key, value in node.items() if key != "$defs"}


def _inline_at(key: str, value: Any, root: Schema, within: tuple[str, ...]) -> Any:
    if key in _NAMED and isinstance(value, Mapping):
        return {name: _inline(_inline_object(item), root, within) for name, item in value.items()}
    return value if key in _VALUES or key == "default" else _inline(value, root, within)


def _inline_object(schema: Any) -> Schema:
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return schema  # type: ignore[no-any-return]  # a schema is a boolean or an object


def _find_value_kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    kinds = {str: "string", int: "number", float: "number", list: "array"}
    return kinds.get(type(value), "object")
