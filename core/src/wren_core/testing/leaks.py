"""Secrets in text: a value as it is, and in the forms libraries give it."""

import base64
from collections.abc import Iterable, Iterator
from functools import cache
from urllib.parse import quote, quote_plus

_SHORTEST = 6
"""Shorter values are no secrets: half of all texts would hold them."""


def find_leak(text: str, secrets: Iterable[str]) -> str | None:
    """Return the form in which a secret stands in a text, such as `base64`; None where there is none."""
    return next((form for secret in secrets for form, value in forms(secret) if value in text), None)


@cache
def forms(secret: str) -> tuple[tuple[str, str], ...]:
    """Return the names and texts of all forms of a secret; none of one too short to be told from other words."""
    return tuple(_forms(secret)) if len(secret) >= _SHORTEST else ()


def _forms(secret: str) -> Iterator[tuple[str, str]]:
    yield "plain", secret
    yield "as Python shows it", repr(secret)[1:-1]
    yield "URL-quoted", quote(secret, safe="")
    yield "URL-quoted", quote_plus(secret)
    yield "hexadecimal", secret.encode().hex()
    for start in range(3):
        # base64 takes three bytes at a time: what stands before the secret (`user:`) decides how it is cut.
        inner = secret.encode()[start:]
        whole = inner[: len(inner) // 3 * 3]
        if len(whole) >= _SHORTEST:
            yield "base64", base64.b64encode(whole).decode()
            yield "base64", base64.urlsafe_b64encode(whole).decode()
