"""Parameters that several methods share, with the words people and models read about them."""

from typing import Annotated

from pydantic import AfterValidator, Field

_TEXT_LIMIT = 40_000


def _fits(text: str) -> str:
    # chat.postMessage cuts a longer text without a word. Not in the schema, because strict tools cannot say it.
    if len(text) > _TEXT_LIMIT:
        raise ValueError(f"{len(text)} characters; Slack takes {_TEXT_LIMIT}: split the text, or upload it as a file")
    return text


Text = Annotated[str, Field(pattern=r"\S"), AfterValidator(_fits), "Text in Slack's markup: *bold*, <url|title>"]
Where = Annotated[str | None, "#channel, @person or an ID of either; the configured default_channel when left out"]
Ts = Annotated[str, Field(pattern=r"^\d+\.\d+$"), "Timestamp of the message, as `ts` of what a method returned"]
Limit = Annotated[int, Field(ge=1, le=10_000), "At most so many"]
