"""A JSON Schema in a few words, for messages and documents."""

from typing import Any


def type_words(schema: Any, definitions: dict[str, Any] | None = None) -> str:
    """Describe a JSON Schema in a few words: `string`, `array of Email`, `string or null`."""
    if not isinstance(schema, dict):
        return "any"
    definitions = definitions if definitions is not None else schema.get("$defs", {})
    if "$ref" in schema:
        name = str(schema["$ref"]).rsplit("/", 1)[-1]
        found = definitions.get(name)
        return type_words(found, definitions) if isinstance(found, dict) and "enum" in found else name
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " or ".join(dict.fromkeys(type_words(item, definitions) for item in schema[key]))
    if "enum" in schema:
        return " | ".join(repr(item) for item in schema["enum"])
    if "const" in schema:
        return repr(schema["const"])
    kind = schema.get("type", "any")
    if kind == "object" and "title" in schema:
        return str(schema["title"])
    if kind == "array":
        return f"array of {type_words(schema.get('items', {}), definitions)}"
    return " or ".join(kind) if isinstance(kind, list) else str(kind)
