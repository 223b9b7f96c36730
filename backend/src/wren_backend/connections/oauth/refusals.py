"""What a provider's refusal means: from its status, its error codes and its words. Pure.

RFC 6749 has six codes; servers have their own, nest them, write them in capitals, or answer 200. A code decides first,
words only where no code is known, and the status last.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from wren_backend.connections.oauth.failures import (
    ClientRefused,
    GrantDead,
    GrantRefused,
    ProviderFailed,
    ProviderUnavailable,
    Unauthorized,
)
from wren_backend.connections.oauth.refusal_words import (
    BAD_CLIENT,
    CLIENT_WORDS,
    CODE_KEYS,
    DEAD_GRANT,
    DEAD_WORDS,
    TEMPORARY,
    WORD_KEYS,
)

# Other statuses, such as 404, say more about the address than about the grant.
_NO = frozenset({400, 403, 422})
_DEEPEST, _MOST_TEXTS, _LONGEST_TEXT = 4, 50, 500
_LONGEST_CODE = 60


def is_failure(body: Mapping[str, Any]) -> bool:
    """Tell whether the body of a success says that it is none, as some dialects do with a 200."""
    said_no = any(body.get(key) in (False, "false") for key in ("ok", "success"))
    return said_no or bool(body.get("error")) or body.get("errcode") not in (None, 0, "0")


def make_failure(status: int, body: Mapping[str, Any]) -> ProviderFailed:
    """Return the failure that a refusal stands for."""
    codes = [text for key, text in _list_texts(body) if key in CODE_KEYS]
    shown = next(filter(None, map(safe_code, codes)), None)
    message = f"the provider answered {status}: {shown or 'no error code'}"
    known = {re.sub(r"[\s-]+", "_", code.strip().lower()) for code in codes}
    for meant, kind in ((DEAD_GRANT, GrantDead), (BAD_CLIENT, ClientRefused), (TEMPORARY, ProviderUnavailable)):
        if known & meant:
            return kind(message)
    words = " ".join(text.lower() for key, text in _list_texts(body) if key in WORD_KEYS)
    if DEAD_WORDS.search(words):
        return GrantDead(f"{message}, in words that say the grant is no longer valid")
    if CLIENT_WORDS.search(words):
        return ClientRefused(f"{message}, in words about the client id or secret")
    if status == 401:
        return Unauthorized(message)
    return GrantRefused(message) if status < 300 or status in _NO else ProviderFailed(message)


def safe_code(value: Any) -> str | None:
    """Return an error code of a provider where it is safe to show, else None."""
    fits = isinstance(value, str) and 0 < len(value) <= _LONGEST_CODE and value.replace("_", "").isascii()
    return value if fits and value.replace("_", "").replace("-", "").isalnum() else None


def _list_texts(body: Mapping[str, Any]) -> list[tuple[str, str]]:
    found = list(_walk(body, "", _DEEPEST))
    return found[:_MOST_TEXTS]


def _walk(value: Any, key: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield key, value[:_LONGEST_TEXT]
    elif isinstance(value, int) and not isinstance(value, bool):
        yield key, str(value)[:_LONGEST_TEXT]
    elif isinstance(value, Mapping) and depth:
        for name, item in list(value.items())[:_MOST_TEXTS]:
            yield from _walk(item, str(name).lower(), depth - 1)
    elif isinstance(value, list) and depth:
        for item in value[:_MOST_TEXTS]:
            yield from _walk(item, key, depth - 1)
