"""W401: the tools of the integration fit beside others in a model's context."""

from collections.abc import Iterator

from wren_core.export.token_price import tool_tokens
from wren_core.export.tools import openai_tool
from wren_core.testing.rules.rule import Finding, Rule, Tier
from wren_core.testing.subject import Subject

MAX_TOKENS_PER_TOOL = 500
MAX_TOKENS = 6000


def _check(subject: Subject) -> Iterator[Finding]:
    prices = {method.id: tool_tokens(openai_tool(subject.name, method)) for method in subject.spec.methods}
    for method_id, tokens in prices.items():
        if tokens > MAX_TOKENS_PER_TOOL:
            message = f"its tool definition costs {tokens} tokens; {MAX_TOKENS_PER_TOOL} are enough"
            yield Finding(place=f"{subject.name}.{method_id}", message=message)
    total = sum(prices.values())
    if total > MAX_TOKENS:
        message = f"its {len(prices)} tools cost {total} tokens together; {MAX_TOKENS} are enough"
        yield Finding(place=subject.name, message=message)


RULE = Rule(
    id="W401-token-price",
    tier=Tier.PLATINUM,
    title=f"No tool costs more than {MAX_TOKENS_PER_TOOL} tokens, all together no more than {MAX_TOKENS}",
    why="Tool definitions are sent with every request to a model. A large list is paid for each time, and pushes out "
    "what the model should be reading.",
    fix="Shorten descriptions to what a caller needs, take fields nobody sets out of the parameters, let get() return "
    "what few people read. `wren integrations cost NAME` shows what each method costs.",
    check=_check,
)
