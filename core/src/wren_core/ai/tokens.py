"""How many tokens something is, before a provider has counted it: an estimate, and said to be one.

Four bytes of UTF-8 to a token: English prose and code come within about a quarter of what tokenizers count. An image
counts as a thousand tokens. No tokenizer is loaded, since each provider has its own.
"""

import json

from wren_core.ai.dialect import CompletionRequest

BYTES_PER_TOKEN = 4
TOKENS_PER_IMAGE = 1000


def estimate_tokens(text: str) -> int:
    """Return about how many tokens a text is."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def estimate_input(request: CompletionRequest) -> int:
    """Return about how many tokens the provider will read."""
    texts = [request.system or ""]
    texts += [json.dumps(tool.model_dump(mode="json")) for tool in request.tools]
    for message in request.messages:
        texts.append(message.text)
        texts += [result.content for result in message.tool_results]
        texts += [json.dumps(call.arguments) for call in message.tool_calls]
    images = sum(len(message.images) for message in request.messages)
    return sum(map(estimate_tokens, texts)) + images * TOKENS_PER_IMAGE
