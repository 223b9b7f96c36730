"""Decode bytes and headers, including malformed ones, to clean text. No function here raises."""

import codecs
import re
from email.errors import HeaderParseError
from email.header import decode_header

_ENCODED_WORD = r"=\?[^?\s]+\?[bq]\?[^?\s]*\?="
_ENCODED_RUN = re.compile(rf"{_ENCODED_WORD}(?:\s+{_ENCODED_WORD})*", re.IGNORECASE)
# Python codecs that are not charsets of e-mail; the first two take quadratic time.
_NO_CHARSETS = frozenset({"idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"})


def decode_body(data: bytes, charset: str = "") -> str:
    """Decode a body part.

    Providers often convert text to UTF-8 and leave the old charset in the header, so UTF-8 is tried first: text in
    other charsets is almost never valid UTF-8. Text in seven-bit charsets is, but it contains ESC or NUL.
    """
    if b"\x1b" in data or b"\x00" in data:
        return _decode(data, charset, "utf-8")
    return _decode(data, "utf-8", charset)


def decode_words(value: str) -> str:
    """Decode the RFC 2047 encoded words of a header; invalid words stay unchanged."""
    return clean(_ENCODED_RUN.sub(lambda run: _decode_run(run[0]), value))


def clean(text: str) -> str:
    """Replace lone surrogates, which JSON and UTF-8 cannot represent; truncated emoji leave them in snippets."""
    return text.encode("utf-8", "replace").decode()


def _decode_run(words: str) -> str:
    try:
        pieces = decode_header(" ".join(words.split()))
    except (HeaderParseError, ValueError):
        return words
    return "".join(piece if isinstance(piece, str) else _decode_word(piece, charset or "") for piece, charset in pieces)


def _decode_word(data: bytes, charset: str) -> str:
    return _decode(data, charset.partition("*")[0], "utf-8")  # RFC 2231 allows a language, as in utf-8*en


def _decode(data: bytes, *charsets: str) -> str:
    for charset in charsets:
        try:
            if codecs.lookup(charset).name not in _NO_CHARSETS:
                return clean(data.decode(charset))
        except (LookupError, ValueError):
            continue
    return data.decode("cp1252", "replace")
