"""Decode headers of e-mails, malformed ones included, to one clean line. No function here raises."""

import binascii
import re
from collections.abc import Iterable
from email.message import Message
from itertools import groupby

from wren_core.mail.charsets import clean, decode
from wren_core.mail.transfer import decode_base64

_WORD = r"=\?[^?\s]{1,80}\?[bq]\?[^?]*\?="
_RUN = re.compile(rf"{_WORD}(?:\s*{_WORD})*", re.IGNORECASE)
_PIECES = re.compile(r"=\?([^?\s]{1,80})\?([bq])\?([^?]*)\?=", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
# A longer header is an attack or a mistake; the library takes quadratic time to find its parameters.
_LONGEST = 10_000


def first_values(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return the first value of each header, by its name in lower case; bytes beyond ASCII are decoded."""
    found: dict[str, str] = {}
    for name, value in headers:
        found.setdefault(name.lower(), recover(value.replace("\r", "").replace("\n", "")))
    return found


def recover(value: str) -> str:
    """Return a header's text; a parser leaves bytes beyond ASCII as lone surrogates."""
    try:
        return decode(value.encode("utf-8", "surrogateescape")) if not value.isascii() else value
    except UnicodeEncodeError:  # other surrogates, from JSON
        return clean(value)


def decode_words(value: str) -> str:
    """Decode the RFC 2047 encoded words of a header, and return one line."""
    return one_line(_RUN.sub(lambda run: _decode_run(run[0]), value))


def one_line(value: str) -> str:
    """Return text without line breaks and control characters, so that no value can forge a header."""
    return " ".join(_CONTROL.sub(" ", clean(value)).split())


def parameter(header: str, name: str) -> str:
    """Return a parameter of a header such as Content-Type, also if it is encoded by RFC 2231 or RFC 2047."""
    holder = Message()
    holder["content-type"] = one_line(header)[:_LONGEST]
    try:
        found = holder.get_param(name, "")
    except (ValueError, IndexError, TypeError, LookupError):
        return ""
    if isinstance(found, tuple):
        charset, _, value = found
        return one_line(decode(value.encode("latin-1", "replace"), charset or "")) if value else ""
    return decode_words(str(found))


def _decode_run(run: str) -> str:
    """Decode adjacent encoded words; a character may be divided between two of the same charset."""
    words = [(charset.partition("*")[0].lower(), kind, text) for charset, kind, text in _PIECES.findall(run)]
    joined = groupby(words, key=lambda word: word[0])
    return "".join(
        decode(b"".join(_decode_payload(kind, text) for _, kind, text in same), charset) for charset, same in joined
    )


def _decode_payload(kind: str, text: str) -> bytes:
    data = text.encode("utf-8", "replace")
    return decode_base64(data) if kind in "bB" else binascii.a2b_qp(data, header=True)
