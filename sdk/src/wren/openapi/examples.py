"""One line of Python that calls a method, from its schema. Pure."""

from collections.abc import Mapping
from typing import Any

_BY_TYPE: dict[str, Any] = {"string": "...", "integer": 1, "number": 1.5, "boolean": True, "array": [], "object": {}}


def example_call(integration: str, method_id: str, schema: Mapping[str, Any]) -> str:
    """Return a call with a value for every required argument."""
    properties, definitions = schema.get("properties", {}), schema.get("$defs", {})
    given = [f"{name}={_value(properties[name], definitions)!r}" for name in schema.get("required", ())]
    return f"{integration}.{method_id}({', '.join(given)})"


def _value(schema: Any, definitions: Mapping[str, Any], depth: int = 0) -> Any:
    node = schema if isinstance(schema, Mapping) else {}
    if "$ref" in node:
        node = definitions.get(str(node["$ref"]).rpartition("/")[2], {})
    for key in ("examples", "enum"):
        if node.get(key):
            return node[key][0]
    if "const" in node:
        return node["const"]
    if node.get("anyOf") and depth < 3:
        return _value(node["anyOf"][0], definitions, depth + 1)
    kind = node.get("type")
    kind = next((item for item in kind if item != "null"), None) if isinstance(kind, list) else kind
    if kind == "object" and depth < 3:
        properties = node.get("properties", {})
        return {
            name: _value(properties[name], definitions, depth + 1)
            for name in node.get("required", ())
            if name in properties
        }
    if kind == "array" and node.get("items") and depth < 3:
        return [_value(node["items"], definitions, depth + 1)]
    return _BY_TYPE.get(str(kind), "...")
