"""Three tools instead of one for every method: a model searches methods, reads one, and calls it.

Tool definitions of many methods fill a model's context on each request. These three cost less.
"""

from typing import Any

from wren_core.contract.spec import MethodSpec
from wren_core.export.tools import tool_name

NAMESPACE = "tools"
"""The prefix of their names, as an integration's name is the prefix of its methods."""


def _arguments(**properties: dict[str, Any]) -> dict[str, Any]:
    required = [name for name, schema in properties.items() if "default" not in schema]
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


_TOOL = {"type": "string", "description": "Name of a tool, as tools_search returns it"}

SEARCH = MethodSpec(
    id="search",
    name="Search",
    description="Find tools for a task, in plain words; returns the names of the best, each with a line about it.",
    input_schema=_arguments(
        query={"type": "string", "description": "What is to be done, such as `send a mail with a file`"},
        limit={"type": "integer", "minimum": 1, "maximum": 50, "default": 10, "description": "At most so many"},
    ),
    output_schema={"type": "array", "items": {"type": "string"}},
)
DESCRIBE = MethodSpec(
    id="describe",
    name="Describe",
    description="Read how a tool is called: its parameters as JSON Schema, what it returns and what it changes.",
    input_schema=_arguments(tool=_TOOL),
    output_schema={"type": "object"},
)
CALL = MethodSpec(
    id="call",
    name="Call",
    description="Call a tool that tools_describe has described.",
    input_schema=_arguments(
        tool=_TOOL, arguments={"type": "object", "description": "Arguments by name, as its parameters say"}
    ),
    effect="write",
)
DYNAMIC_TOOLS = (SEARCH, DESCRIBE, CALL)


def search_hit(integration: str, method: MethodSpec) -> str:
    """Return the line of one method in the result of a search."""
    first_line = method.description.partition("\n")[0]
    return f"{tool_name(integration, method)}: {first_line}"
