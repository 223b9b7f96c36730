"""Media types: which of those an operation offers is used. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Literal

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


def chosen_media(
    content: Mapping[str, Any], forms: Mapping[Any, re.Pattern[str]]
) -> tuple[Any, str, dict[str, Any]] | None:
    """Return the form, media type and description of the first form that is offered; None where none is."""
    for form, pattern in forms.items():
        for media_type, described in content.items():
            if pattern.fullmatch(media_type.strip()):
                return form, media_type.strip(), described if isinstance(described, dict) else {}
    return None
