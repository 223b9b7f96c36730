"""From a method to a tool definition, in the forms model providers and MCP take. Pure functions.

OpenAI's strict mode wants every property required and every object closed. Optional properties become nullable and
required; what strict mode cannot say (free-form objects, say) makes the tool non-strict, never smaller.
"""

import copy
from typing import Any

from wren_core.spec import MethodSpec

# Keywords strict mode refuses; a schema that uses one is exported non-strict, unchanged.
_NOT_STRICT = frozenset({"allOf", "not", "if", "then", "else", "patternProperties", "dependentRequired", "prefixItems"})
_NAME_LIMIT = 64


def tool_name(integration: str, method: MethodSpec) -> str:
    """Return the name a model sees: `gmail_send`, at most 64 characters."""
    return f"{integration}_{method.id}"[:_NAME_LIMIT]


def openai_tool(integration: str, method: MethodSpec, *, strict: bool = True) -> dict[str, Any]:
    """Return an OpenAI function tool; strict where asked for and possible."""
    parameters = _strict(method.input_schema) if strict else None
    function: dict[str, Any] = {
        "name": tool_name(integration, method),
        "description": method.description,
        "parameters": parameters or copy.deepcopy(method.input_schema),
        "strict": parameters is not None,
    }
    return {"type": "function", "function": function}


def anthropic_tool(integration: str, method: MethodSpec) -> dict[str, Any]:
    """Return an Anthropic tool."""
    return {
        "name": tool_name(integration, method),
        "description": method.description,
        "input_schema": copy.deepcopy(method.input_schema),
    }


def mcp_tool(integration: str, method: MethodSpec) -> dict[str, Any]:
    """Return an MCP tool with its annotations; MCP wants an object as output, so other results are wrapped."""
    tool: dict[str, Any] = {
        "name": tool_name(integration, method),
        "title": method.name,
        "description": method.description,
        "inputSchema": copy.deepcopy(method.input_schema),
        "annotations": {
            "readOnlyHint": method.effect == "read",
            "destructiveHint": method.effect == "destructive",
            "idempotentHint": method.idempotent,
            "openWorldHint": True,
        },
    }
    if method.output_schema:
        tool["outputSchema"] = _object_schema(method.output_schema)
    return tool


def _object_schema(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") == "object":
        return copy.deepcopy(schema)
    inner = copy.deepcopy(schema)
    definitions = inner.pop("$defs", None)
    wrapped: dict[str, Any] = {"type": "object", "properties": {"result": inner}, "required": ["result"]}
    return {**wrapped, "$defs": definitions} if definitions else wrapped


def _strict(schema: dict[str, Any]) -> dict[str, Any] | None:
    try:
        strict: dict[str, Any] = _strict_node(copy.deepcopy(schema), root=True)
    except _NotStrictError:
        return None
    return strict


class _NotStrictError(Exception):
    pass


def _strict_node(node: Any, *, root: bool = False) -> Any:
    if not isinstance(node, dict) or (not node and not root) or _NOT_STRICT.intersection(node):
        raise _NotStrictError
    if node.get("type") == "object":
        _close(node)
    elif "type" not in node and not {"$ref", "anyOf", "enum", "const"}.intersection(node):
        raise _NotStrictError
    for key in ("$defs", "properties"):
        node.update({key: {name: _strict_node(item) for name, item in node[key].items()}} if key in node else {})
    if "items" in node:
        node["items"] = _strict_node(node["items"])
    if "anyOf" in node:
        node["anyOf"] = [_strict_node(item) for item in node["anyOf"]]
    node.pop("default", None)
    return node


def _close(node: dict[str, Any]) -> None:
    if "properties" not in node or node.get("additionalProperties") not in (None, False):
        raise _NotStrictError  # a free-form object cannot be closed without losing what it may hold
    required = node.get("required", [])
    properties = node["properties"]
    node["properties"] = {name: item if name in required else _nullable(item) for name, item in properties.items()}
    node["required"] = list(properties)
    node["additionalProperties"] = False


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    options = schema.get("anyOf")
    if options and {"type": "null"} in options:
        return schema
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return schema if schema["type"] == "null" else {**schema, "type": [schema["type"], "null"]}
    outer = {key: value for key, value in schema.items() if key in ("description", "default")}
    inner = {key: value for key, value in schema.items() if key not in outer}
    return {**outer, "anyOf": [inner, {"type": "null"}]}
