"""JSON Schemas in a form that can be compared: references written out, unions as lists, words left away. Pure."""

from collections.abc import Mapping
from typing import Any

from wren_core import json_pointer

Schema = Mapping[str, Any]

# What these say is for readers; it decides about no value.
_WORDS = frozenset(
    {"title", "description", "examples", "deprecated", "readOnly", "writeOnly"}
    | {"$comment", "$schema", "$id", "$defs", "definitions", "discriminator"}
)
# Below these stand a person's own names, or values, and no keywords.
_NAMED = frozenset({"properties", "patternProperties", "dependentSchemas"})
_VALUES = frozenset({"enum", "const", "required", "dependentRequired"})
_UNIONS = ("anyOf", "oneOf")


def inlined(schema: Schema) -> Schema:
    """Return a schema without local references; one within itself, which no plugin may have, stays."""
    return _inlined(schema, schema, ())  # type: ignore[no-any-return]  # an object stays an object


def alternatives(schema: Schema) -> list[Schema]:
    """Return the schemas of which a value must fit one: those of a union, and one for each type."""
    union = next((keyword for keyword in _UNIONS if keyword in schema), None)
    if union is not None:
        rest = {key: value for key, value in schema.items() if key != union and key not in _WORDS and key != "default"}
        return [found for option in schema[union] for found in alternatives({**_object(option), **rest})]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": kind} for kind in schema["type"]]
    return [schema]


def kind_of(schema: Schema) -> str:
    """Return the type of a schema's values; `any` where it does not say."""
    if "type" in schema:
        return str(schema["type"])
    if "properties" in schema:
        return "object"
    if "const" in schema or "enum" in schema:
        kinds = {_kind_of_value(value) for value in schema.get("enum", [schema.get("const")])}
        return kinds.pop() if len(kinds) == 1 else "any"
    return "any"


def without_words(schema: Any) -> Any:
    """Return a schema without descriptions, titles and examples, at any depth."""
    if isinstance(schema, list):
        return [without_words(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    return {key: _wordless(key, value) for key, value in schema.items() if key not in _WORDS}


def _wordless(key: str, value: Any) -> Any:
    if key in _NAMED and isinstance(value, Mapping):
        return {name: without_words(item) for name, item in value.items()}
    return value if key in _VALUES or key == "default" else without_words(value)


def _inlined(node: Any, root: Schema, within: tuple[str, ...]) -> Any:
    if isinstance(node, list):
        return [_inlined(item, root, within) for item in node]
    if not isinstance(node, Mapping):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str) and reference not in within:
        target = json_pointer.find_reference(root, reference)
        if target is not json_pointer.MISSING:
            rest = {key: value for key, value in node.items() if key != "$ref"}
            found: dict[str, Any] = _inlined({**_object(target), **rest}, root, (*within, reference))
            return found
    return {key: _inlined_at(key, value, root, within) for key, value in node.items() if key != "$defs"}


def _inlined_at(key: str, value: Any, root: Schema, within: tuple[str, ...]) -> Any:
    if key in _NAMED and isinstance(value, Mapping):
        return {name: _inlined(_object(item), root, within) for name, item in value.items()}
    return value if key in _VALUES or key == "default" else _inlined(value, root, within)


def _object(schema: Any) -> Schema:
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return schema  # type: ignore[no-any-return]  # a schema is a boolean or an object


def _kind_of_value(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else "boolean"
    kinds = {str: "string", int: "number", float: "number", list: "array"}
    return kinds.get(type(value), "object")
