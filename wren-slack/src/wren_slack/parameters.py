"""Parameters that several methods share, with their descriptions."""

from typing import Annotated

from pydantic import AfterValidator, Field

_TEXT_LIMIT = 40_000


def _fits(text: str) -> str:
    # chat.postMessage silently truncates longer text. Not in the schema, because strict tools cannot express it.
    if len(text) > _TEXT_LIMIT:
        raise ValueError(f"{len(text)} characters; Slack accepts {_TEXT_LIMIT}: split the text, or upload it as a file")
    return text


Text = Annotated[str, Field(pattern=r"\S"), AfterValidator(_fits), "Text in Slack's markup: *bold*, <url|title>"]
Where = Annotated[str | None, "#channel, @person, or the ID of either; default: the configured default_channel"]
Ts = Annotated[str, Field(pattern=r"^\d+\.\d+$"), "Timestamp of the message: the `ts` of a returned message"]
Limit = Annotated[int, Field(ge=1, le=10_000), "Maximum number of items"]
