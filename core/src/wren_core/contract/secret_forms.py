"""The forms of a secret in text: as it is, and as libraries write it. Pure."""

import base64
import math
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Shorter values are not hidden: that would hide every "on" and "1" of a text."""


def forms(secret: str) -> tuple[tuple[str, str], ...]:
    """Return the names and texts of all forms of a secret; none for one shorter than `SHORTEST`."""
    return tuple(_forms(secret)) if len(secret) >= SHORTEST else ()


def base64_forms(raw: bytes) -> set[bytes]:
    """Return the base64 characters that depend on `raw` only, for each of the three offsets in a group.

    The text before a secret (the `user:` of a login) decides its place in a group.
    """
    found = set()
    for offset in range(3):
        first, last = math.ceil(offset * 8 / 6), (offset + len(raw)) * 8 // 6
        padded = b"\0" * offset + raw
        found |= {encode(padded)[first:last] for encode in (base64.b64encode, base64.urlsafe_b64encode)}
    return found


def _forms(secret: str) -> Iterator[tuple[str, str]]:
    raw = secret.encode("utf-8", "surrogatepass")
    yield "plain", secret
    yield "as Python shows it", repr(secret)[1:-1]
    yield "URL-quoted", quote(raw, safe="")
    yield "URL-quoted", quote_plus(raw)
    yield "hexadecimal", raw.hex()
    for form in base64_forms(raw):
        yield "base64", form.decode()
