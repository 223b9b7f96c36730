"""Chooses among the media types of an operation. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from wren.openapi.model import Content
from wren_core.contract.request_binding import Encoding

_JSON = re.compile(r"application/([\w.-]+\+)?json\b.*|\*/\*", re.IGNORECASE)
BODY_ENCODINGS: dict[Any, re.Pattern[str]] = {
    "json": _JSON,
    "form": re.compile(r"application/x-www-form-urlencoded\b.*", re.IGNORECASE),
    "multipart": re.compile(r"multipart/form-data\b.*", re.IGNORECASE),
    "raw": re.compile(
        r"application/(octet-stream|pdf|zip|gzip|x-[\w.-]+)|(image|audio|video|text|font)/.*", re.IGNORECASE
    ),
}
ANSWER_FORMS: dict[Any, re.Pattern[str]] = {
    "json": _JSON,
    "text": re.compile(r"text/.*|application/([\w.-]+\+)?(xml|yaml)\b.*|application/javascript", re.IGNORECASE),
    "bytes": re.compile(r".*"),
}

Form = Encoding | Literal["text", "bytes"]


def choose_media(contents: Iterable[Content], forms: Mapping[Any, re.Pattern[str]]) -> tuple[Any, Content] | None:
    """Return the first form that is offered, and its content, or None."""
    offered = list(contents)
    for form, pattern in forms.items():
        for content in offered:
            if pattern.fullmatch(content.media_type):
                return form, content
    return None
