"""From a method to a tool definition, in the forms of model providers and MCP. Pure functions.

OpenAI's strict mode (`strict`) is a subset of JSON Schema: a tool outside it becomes non-strict and stays complete.
"""

import copy
import hashlib
from collections.abc import Mapping
from typing import Any

from wren_core.contract.spec import MethodSpec
from wren_core.export import strict as strict_mode

_NAME_LIMIT = 64
_DIGEST_LENGTH = 8


def tool_name(integration: str, method: MethodSpec) -> str:
    """Return the name of the tool: `mail_send`.

    Providers take 64 characters; a longer name keeps its start and ends in a digest, so that no two are equal.
    """
    name = f"{integration}_{method.id}"
    if len(name) <= _NAME_LIMIT:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{name[: _NAME_LIMIT - _DIGEST_LENGTH - 1]}_{digest}"


def openai_tool(integration: str, method: MethodSpec, *, strict: bool = True) -> dict[str, Any]:
    """Return an OpenAI function tool; strict if requested and possible.

    `strict.obstacle(method.input_schema)` says why a tool is not. A strict model sends null for an omitted argument:
    pass its arguments through `plain_arguments` before the call.
    """
    parameters = strict_mode.strict_schema(method.input_schema) if strict else None
    function: dict[str, Any] = {
        "name": tool_name(integration, method),
        "description": method.description,
        "parameters": parameters or copy.deepcopy(method.input_schema),
        "strict": parameters is not None,
    }
    return {"type": "function", "function": function}


def plain_arguments(method: MethodSpec, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of a strict call without the nulls that stand for "left out"."""
    return strict_mode.without_nulls(method.input_schema, arguments)


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


def mcp_result(method: MethodSpec, value: Any) -> dict[str, Any] | None:
    """Return a result in the form `mcp_tool` promised: an object, or None where no output schema was given."""
    if not method.output_schema:
        return None
    return value if method.output_schema.get("type") == "object" else {"result": value}


def _object_schema(schema: dict[str, Any]) -> dict[str, Any]:
    if schema.get("type") == "object":
        return copy.deepcopy(schema)
    inner = copy.deepcopy(schema)
    definitions = inner.pop("$defs", None)
    wrapped: dict[str, Any] = {"type": "object", "properties": {"result": inner}, "required": ["result"]}
    return {**wrapped, "$defs": definitions} if definitions else wrapped
