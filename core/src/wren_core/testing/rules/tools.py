"""W106: every method becomes a tool for models, whole and acceptable."""

from collections.abc import Iterator

from wren_core.export.tools import anthropic_tool, mcp_tool, openai_tool
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject

MAX_DESCRIPTION = 1024
"""What the strictest of the model providers takes; a longer one fails the whole request."""


def _check(subject: Subject) -> Iterator[Finding]:
    name = subject.name
    for method in subject.spec.methods:
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
                f"its description has {len(method.description)} characters; model providers take {MAX_DESCRIPTION}"
            )
            yield Finding(place=place, message=message)


RULE = Rule(
    id="W106-tools",
    tier=Tier.BRONZE,
    title="Every method exports as a tool with all its parameters, in a form model providers take",
    why="A parameter that an export drops is one a model never sets, and nobody is told; one description that is too "
    "long makes a provider refuse the request with all its tools.",
    fix="Give the parameter a type JSON Schema can say; move what explains much into the class's docstring.",
    check=_check,
)
