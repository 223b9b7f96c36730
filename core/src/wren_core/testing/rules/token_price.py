"""W401: the tools of the integration leave room for others in a model's context."""

from collections.abc import Iterator

from wren_core.export.token_price import tool_tokens
from wren_core.export.tools import openai_tool
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.target import CheckTarget

MAX_TOKENS_PER_TOOL = 500
MAX_TOKENS = 6000


def _check(target: CheckTarget) -> Iterator[Finding]:
    prices = {method.id: tool_tokens(openai_tool(target.name, method)) for method in target.spec.methods}
    for method_id, tokens in prices.items():
        if tokens > MAX_TOKENS_PER_TOOL:
            message = f"its tool definition costs {tokens} tokens; the limit is {MAX_TOKENS_PER_TOOL}"
            yield Finding(place=f"{target.name}.{method_id}", message=message)
    total = sum(prices.values())
    if total > MAX_TOKENS:
        message = f"its {len(prices)} tools cost {total} tokens together; the limit is {MAX_TOKENS}"
        yield Finding(place=target.name, message=message)


RULE = Rule(
    id="W401-token-price",
    tier=Tier.PLATINUM,
    title=f"A tool costs at most {MAX_TOKENS_PER_TOOL} tokens, and all together at most {MAX_TOKENS}",
    why="Every request to a model holds the tool definitions. A large list costs money each time and takes the place "
    "of what the model should read.",
    fix="Shorten descriptions to what a caller needs, remove parameters that are hardly ever set, and return rarely "
    "read fields from a get() method. `wren integrations cost NAME` shows what each method costs.",
    check=_check,
)
