"""Chooses among the media types of an operation. Pure."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from wren.openapi.model import Content
from wren_core.contract.request_binding import Encoding

JSON = re.compile(r"((application|text)/(x-)?json|[\w.-]+/[\w.!#$&^-]+\+json)\s*(;.*)?|\*/\*", re.IGNORECASE)
"""Media types of one JSON value; not those of many, such as `application/json-seq`."""
_TEXT = re.compile(
    r"text/.*|[\w.-]+/([\w.-]+\+)?(xml|x-xml|yaml|x-yaml|javascript|graphql|sql|x-ndjson|ndjson|jsonl|json-seq)"
    r"\s*(;.*)?",
    re.IGNORECASE,
)
BODY_ENCODINGS: dict[Any, re.Pattern[str]] = {
    "json": JSON,
    "form": re.compile(r"application/x-www-form-urlencoded\b.*", re.IGNORECASE),
    "multipart": re.compile(r"multipart/form-data\b.*", re.IGNORECASE),
    "raw": re.compile(r"(?!multipart/)[\w.*-]+/.+", re.IGNORECASE),
}
ANSWER_FORMS: dict[Any, re.Pattern[str]] = {
    "json": JSON,
    "text": _TEXT,
    "bytes": re.compile(r".*"),
}

_USUAL = frozenset({"application/json", "application/x-www-form-urlencoded", "multipart/form-data"})
_SENDABLE = re.compile(r"[!-~]+/[!-~][ -~]{0,500}")

Form = Encoding | Literal["text", "bytes"]


def choose_media(contents: Iterable[Content], forms: Mapping[Any, re.Pattern[str]]) -> tuple[Any, Content] | None:
    """Return the first form that is offered, and its content, or None; the plain type of a form before others."""
    offered = sorted(contents, key=lambda content: content.media_type.lower() not in _USUAL)
    for form, pattern in forms.items():
        for content in offered:
            if pattern.fullmatch(content.media_type):
                return form, content
    return None


def is_text(media_type: str) -> bool:
    """Tell whether a body of this type is text."""
    return _TEXT.fullmatch(media_type) is not None


def declared_type(media_type: str) -> str:
    """Return what is sent for a media type; empty for a usual one, a wildcard, or one that breaks a header."""
    usual = media_type.lower() in _USUAL or "*" in media_type
    return "" if usual or not _SENDABLE.fullmatch(media_type) else media_type


def accepted_types(contents: Iterable[Content]) -> str:
    """Return the media types to ask for; empty where the usual ones are right."""
    declared = dict.fromkeys(declared_type(content.media_type) for content in contents)
    return ", ".join(declared) if "" not in declared else ""
