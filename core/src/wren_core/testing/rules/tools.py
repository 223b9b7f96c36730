"""W106: every method exports as a complete tool that model providers accept."""

from collections.abc import Iterator

from wren_core.export.tools import anthropic_tool, mcp_tool, openai_tool
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget

MAX_DESCRIPTION = 1024
"""The limit of the strictest model provider, which refuses the whole request for a longer one."""


def _check(target: CheckTarget) -> Iterator[Finding]:
    name = target.name
    for method in target.spec.methods:
        function = openai_tool(name, method)["function"]
        exported = {
            "openai": function["parameters"],
            "anthropic": anthropic_tool(name, method)["input_schema"],
            "mcp": mcp_tool(name, method)["inputSchema"],
        }
        place = f"{name}.{method.id}"
        for form, schema in exported.items():
            if list(schema["properties"]) != list(method.input_schema["properties"]):
                yield Finding(place=place, message=f"the {form} form lost a parameter")
        if len(method.description) > MAX_DESCRIPTION:
            message = (
                f"its description has {len(method.description)} characters; model providers accept {MAX_DESCRIPTION}"
            )
            yield Finding(place=place, message=message)


RULE = Rule(
    id="W106-tools",
    tier=Tier.BRONZE,
    title="Every method exports as a tool with all its parameters, in a form that model providers accept",
    why="A model never sets a parameter that the export drops, and no error shows it. One description that is too long "
    "makes a provider refuse the request with all its tools.",
    fix="Give the parameter a type that JSON Schema can express; move long explanations into the class docstring.",
    check=_check,
)
