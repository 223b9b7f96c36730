"""An estimate of the number of tokens, before a provider has counted them.

Four bytes of UTF-8 are a token: English prose and code come within about 25 % of the count of tokenizers. An image
counts as a thousand tokens. No tokenizer is loaded, since each provider has its own.
"""

import json
import math
from typing import Any

from wren_core.ai.dialect import CompletionRequest
from wren_core.ai.records import Usage

BYTES_PER_TOKEN = 4
TOKENS_PER_IMAGE = 1000


def estimate_tokens(text: str) -> int:
    """Return the estimated number of tokens of a text."""
    return -(-len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN)


def estimate_input(request: CompletionRequest) -> int:
    """Return the estimated number of input tokens."""
    texts = [request.system or ""]
    texts += [json.dumps(tool.model_dump(mode="json")) for tool in request.tools]
    for message in request.messages:
        texts.append(message.text)
        texts += [result.content for result in message.tool_results]
        texts += [json.dumps(call.arguments) for call in message.tool_calls]
    images = sum(len(message.images) for message in request.messages)
    return sum(map(estimate_tokens, texts)) + images * TOKENS_PER_IMAGE


def count_of(value: Any) -> int | None:
    """Return a count that a provider reported; None where it is missing or not one."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return int(value) if is_number and value >= 0 else None


def usage_of_answer(request: CompletionRequest, written: str, *, read: Any, output: Any, cached: Any = None) -> Usage:
    """Return the usage that a provider reported, with an estimate for each count that is missing.

    Args:
        request: what was sent.
        written: what the model wrote, arguments of tools included.
        read: tokens of the input, as reported.
        output: tokens of the answer, as reported.
        cached: tokens of the input from the cache, as reported.
    """
    told_read, told_output = count_of(read), count_of(output)
    input_tokens = estimate_input(request) if told_read is None else told_read
    return Usage(
        input_tokens=input_tokens,
        cached_input_tokens=min(count_of(cached) or 0, input_tokens),
        output_tokens=estimate_tokens(written) if told_output is None else told_output,
        is_estimated=told_read is None or told_output is None,
    )
