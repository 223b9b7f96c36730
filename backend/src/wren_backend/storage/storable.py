"""Values that both databases and every JSON reader accept; the only module that knows what they refuse."""

import math
import re
from typing import Any

_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable_text(text: str) -> str:
    """Return `text` with NUL and lone surrogates replaced: PostgreSQL refuses the one, UTF-8 the other."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def storable_json(value: Any) -> Any:
    """Return a JSON value with text and keys as in `storable_text`, and NaN and the infinities as text."""
    if isinstance(value, str):
        return storable_text(value)
    if isinstance(value, dict):
        return {storable_text(str(key)): storable_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [storable_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
