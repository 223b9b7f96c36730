import pytest

from wren.cli.tool_cost import FORMS, count_dynamic_tools, count_integration
from wren_core import Integration, IntegrationSpec, method
from wren_core.export.docs import IntegrationDocs
from wren_core.export.rendering import to_markdown
from wren_core.export.token_price import count_tokens, tool_tokens
from wren_core.export.tools import anthropic_tool, mcp_tool, openai_tool


class Post(Integration):
    """Send parcels."""

    spec = IntegrationSpec(name="post", display_name="Post")

    @method(effect="write")
    def send(self, to: str, weight: float = 1.0) -> str:
        """Send a parcel."""
        raise NotImplementedError

    @method(effect="write")
    def label(self, values: dict[str, str]) -> str:
        """Print a label."""
        raise NotImplementedError


SPEC = Post.full_spec()


@pytest.fixture(scope="module")
def cost():
    return count_integration(SPEC)


def test_each_form_costs_what_its_definition_costs(cost):
    send, spec = cost.methods[0], SPEC.methods[0]

    assert send.forms == {
        "openai": tool_tokens(openai_tool("post", spec, strict=False)),
        "openai_strict": tool_tokens(openai_tool("post", spec)),
        "anthropic": tool_tokens(anthropic_tool("post", spec)),
        "mcp": tool_tokens(mcp_tool("post", spec)),
    }
    assert all(tokens > 10 for tokens in send.forms.values())


def test_a_method_without_a_strict_form_is_marked(cost):
    assert [method.is_strict for method in cost.methods] == [True, False]
    assert cost.methods[1].forms["openai_strict"] == cost.methods[1].forms["openai"]


def test_totals_are_the_methods_together_and_the_documents(cost):
    assert cost.forms == {form: sum(method.forms[form] for method in cost.methods) for form in FORMS}
    assert cost.docs == count_tokens(to_markdown(IntegrationDocs.from_spec(SPEC)))
    assert cost.total == {form: cost.forms[form] + cost.docs for form in FORMS}
    assert sum(method.docs for method in cost.methods) < cost.docs


def test_a_dynamic_method_costs_its_hit_and_its_definition(cost):
    send = cost.methods[0]

    assert send.dynamic == count_tokens("post_send: Send a parcel.") + send.forms["mcp"]


def test_three_tools_cost_the_same_whatever_is_installed():
    assert set(count_dynamic_tools()) == set(FORMS)
    assert all(100 < tokens < 600 for tokens in count_dynamic_tools().values())
