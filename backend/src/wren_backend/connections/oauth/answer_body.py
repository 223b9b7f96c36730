"""The body of a provider's answer as fields: JSON, or a form as older servers answer. Pure."""

import json
import re
from typing import Any
from urllib.parse import parse_qsl

_MOST_FIELDS = 200
# The first field of a form. A web page begins with `<`, and plain text has spaces.
_FORM = re.compile(r"[\w.%\[\]-]+=[^\s<>{}]*(\s*)")


def read_fields(content: bytes) -> dict[str, Any] | None:
    """Return the fields of a JSON object or of a form, whatever the answer calls itself; None for anything else."""
    text = content.decode("utf-8-sig", errors="replace").strip()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return _read_form(text)
    return found if isinstance(found, dict) else None


def _read_form(text: str) -> dict[str, Any] | None:
    if not _FORM.fullmatch(text):
        return None
    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS)
    except ValueError:
        return None
    fields: dict[str, Any] = {}
    for key, value in pairs:
        fields.setdefault(key, value)
    return fields
