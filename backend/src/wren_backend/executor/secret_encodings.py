"""The byte strings that reveal a secret: as it is, and as encoders write it. Pure.

All are in lower case, because they are looked for in text that was made lower case too: so one form stands for every
mixture of capital and small letters. The alphabets of base64 differ by case, but a text that is equal but for the case
of 8 or more such characters is a copy, not a coincidence.
"""

import base64
import html
import json
import math
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

from wren_core.contract.secret_forms import base64_forms

MIN_SECRET_CHARACTERS = 6
"""Shorter values are words; masking them would garble the log and hide nothing."""

_BASE32 = (base64.b32encode, base64.b32hexencode)
_GROUP_OF_BASE32 = 5


def encoded_forms(secret: str) -> set[bytes]:
    """Return every byte string that reveals `secret`, in lower case; empty for a secret too short to mask."""
    if len(secret) < MIN_SECRET_CHARACTERS:
        return set()
    # Beyond ASCII the two cases of a character differ in more than one bit.
    variants = {secret} if secret.isascii() else {secret, secret.upper(), secret.lower()}
    return {form.lower() for variant in variants for form in (*_library_forms(variant), *_other_forms(variant))}


def library_forms(secret: str) -> set[bytes]:
    """Return, in lower case, the forms in which libraries quote a value in an error message."""
    return set() if len(secret) < MIN_SECRET_CHARACTERS else {form.lower() for form in _library_forms(secret)}


def _library_forms(secret: str) -> Iterator[bytes]:
    raw = _encode(secret)
    yield raw
    yield raw.hex().encode()
    yield from base64_forms(raw)
    for text in (quote(raw, safe=""), quote(raw), quote_plus(raw), json.dumps(secret)[1:-1], repr(secret)[1:-1]):
        yield _encode(text)
    yield _encode(json.dumps(secret, ensure_ascii=False)[1:-1])


def _other_forms(secret: str) -> Iterator[bytes]:
    raw = _encode(secret)
    yield from (_encode(secret[::-1]), raw[::-1])
    yield from (secret.encode(name, "surrogatepass") for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"))
    yield from (_encode(html.escape(secret)), _encode(html.escape(secret, quote=False)))
    yield secret.encode("ascii", "xmlcharrefreplace")
    yield from _base32_forms(raw)
    yield from (_write_each(raw, write) for write in _BYTE_BY_BYTE)
    yield from (_write_each([ord(character) for character in secret], write) for write in _CHARACTER_BY_CHARACTER)


_BYTE_BY_BYTE: tuple[Callable[[int], str], ...] = (
    lambda byte: f"%{byte:02x}",
    lambda byte: f"\\x{byte:02x}",
    lambda byte: f"\\{byte:03o}",
    lambda byte: f"={byte:02x}",
    lambda byte: f"{byte:02x} ",
    lambda byte: f"{byte:02x}:",
    lambda byte: f"0x{byte:02x}, ",
    lambda byte: f"{byte}, ",
    lambda byte: f"{byte} ",
    lambda byte: f"{byte:08b}",
)
_CHARACTER_BY_CHARACTER: tuple[Callable[[int], str], ...] = (
    lambda point: f"&#{point};",
    lambda point: f"&#x{point:x};",
    lambda point: f"\\u{point:04x}",
    lambda point: f"\\u{{{point:x}}}",
)


def _write_each(numbers: bytes | list[int], write: Callable[[int], str]) -> bytes:
    """Return every number in writing; what stands between two does not follow the last."""
    return "".join(map(write, numbers)).rstrip(" ,:").encode()


def _base32_forms(raw: bytes) -> Iterator[bytes]:
    """Return the characters of base32 that depend on `raw` only, for each of the five offsets in a group."""
    for offset in range(_GROUP_OF_BASE32):
        first, last = math.ceil(offset * 8 / 5), (offset + len(raw)) * 8 // 5
        yield from (encode(b"\0" * offset + raw)[first:last] for encode in _BASE32)


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
