"""The tokens that an integration's tools and documents cost a model, for each way of passing them.

Three ways: **all** integrations with every request, **specific** ones with every request, or **dynamic** tools, where
every request carries three small tools and a method costs tokens only when it is used.
"""

from dataclasses import dataclass

from wren_core.contract.spec import IntegrationSpec, MethodSpec
from wren_core.export.docs import IntegrationDocs
from wren_core.export.dynamic_tools import DYNAMIC_TOOLS, NAMESPACE, search_hit
from wren_core.export.rendering import method_to_markdown, to_markdown
from wren_core.export.token_price import count_tokens, tool_tokens
from wren_core.export.tools import anthropic_tool, mcp_tool, openai_tool

FORMS = ("openai", "openai_strict", "anthropic", "mcp")


@dataclass(frozen=True, kw_only=True)
class MethodCost:
    """The cost of one method."""

    id: str
    forms: dict[str, int]
    """Tokens of its tool definition by form."""
    is_strict: bool
    """Whether it has a strict form; without one the plain form is sent."""
    docs: int
    """Tokens of its documents."""
    dynamic: int
    """Tokens of finding and reading it once, where tools are dynamic."""


@dataclass(frozen=True, kw_only=True)
class IntegrationCost:
    """The cost of one integration."""

    name: str
    version: str
    methods: tuple[MethodCost, ...]
    forms: dict[str, int]
    """Tokens of all its tool definitions, with every request."""
    docs: int
    """Tokens of all its documents."""

    @property
    def total(self) -> dict[str, int]:
        """Tokens of documents and tools together, with every request."""
        return {form: tokens + self.docs for form, tokens in self.forms.items()}


def count_integration(spec: IntegrationSpec) -> IntegrationCost:
    """Count the tokens of a complete spec."""
    docs = IntegrationDocs.from_spec(spec)
    texts = {item.name: method_to_markdown(item) for item in docs.methods}
    methods = tuple(_count_method(spec.name, method, texts[method.id]) for method in spec.methods)
    return IntegrationCost(
        name=spec.name,
        version=spec.version,
        methods=methods,
        forms=add_costs([method.forms for method in methods]),
        docs=count_tokens(to_markdown(docs)),
    )


def count_dynamic_tools() -> dict[str, int]:
    """Count the tokens of every request where tools are dynamic, by form."""
    return add_costs([_count_forms(NAMESPACE, spec) for spec in DYNAMIC_TOOLS])


def add_costs(forms: list[dict[str, int]]) -> dict[str, int]:
    """Add costs up, form by form."""
    return {form: sum(item[form] for item in forms) for form in FORMS}


def _count_method(integration: str, method: MethodSpec, docs: str) -> MethodCost:
    forms = _count_forms(integration, method)
    return MethodCost(
        id=method.id,
        forms=forms,
        is_strict=openai_tool(integration, method)["function"]["strict"],
        docs=count_tokens(docs),
        dynamic=count_tokens(search_hit(integration, method)) + forms["mcp"],
    )


def _count_forms(integration: str, method: MethodSpec) -> dict[str, int]:
    return {
        "openai": tool_tokens(openai_tool(integration, method, strict=False)),
        "openai_strict": tool_tokens(openai_tool(integration, method)),
        "anthropic": tool_tokens(anthropic_tool(integration, method)),
        "mcp": tool_tokens(mcp_tool(integration, method)),
    }
