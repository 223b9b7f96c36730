"""Masks secrets in everything a run outputs, where the parent process reads it.

Best effort: a script that wants to leak its own token can always invent another encoding. Caught, in any mixture of
capital and small letters, are the value as it is, reversed, in UTF-16 and UTF-32, percent-encoded, JSON-escaped, in
entities of HTML, in base64 and base32 at any offset, and byte by byte in hexadecimal, octal, decimal and binary
numbers; also when it is split over writes or over stdout and stderr, and the part of it that is left where an error
message was shortened. Not caught are encodings that mix two of these (some characters percent-encoded and others
not, base64 of the reversed value), lines broken within the value, base85, compression, encryption, and single
characters spread among others.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from wren_backend.executor.secret_encodings import MIN_SECRET_CHARACTERS, encoded_forms, library_forms
from wren_backend.executor.secret_search import WINDOW, SecretSearch

MASK = "[masked]"
# The dots that mark where a text was shortened.
_DOTS = b"..."
_BLANKS = b" \t\n\r\x0b\x0c"
# Of a longer form only the two ends are known where it was cut: a set of all its parts would fill the memory.
_KNOWN_END = 4096


class Masker:
    """Knows the secrets of one run; `add` may be called while others mask."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._pieces: frozenset[bytes] = frozenset()
        self.search = SecretSearch(())
        self.add(*secrets)

    @property
    def forms(self) -> frozenset[bytes]:
        """Every byte string that is masked, in lower case."""
        return self.search.forms

    def add(self, *secrets: str) -> None:
        """Mask these too from now on; earlier ones stay masked."""
        found = {form for secret in secrets for form in encoded_forms(secret)}
        if not found <= self.search.forms:
            pieces = (piece for secret in secrets for form in library_forms(secret) for piece in _pieces(form))
            self._pieces = self._pieces.union(pieces)
            self.search = SecretSearch(self.search.forms | found)

    def mask_bytes(self, data: bytes) -> bytes:
        """Return `data` with every secret replaced."""
        return replace_parts(data, self.search.find(data))

    def mask_text(self, text: str) -> str:
        """Return `text` with every secret replaced, and the parts of one that shortening has left."""
        if len(text) < MIN_SECRET_CHARACTERS or not self.search.forms:
            return text
        masked = self.mask_bytes(text.encode("utf-8", "surrogatepass"))
        return _decode(replace_parts(masked, self._find_halves(masked)))

    def mask_json(self, value: Any) -> Any:
        """Return a JSON value with every secret replaced in its strings and keys."""
        if isinstance(value, str):
            return self.mask_text(value)
        if isinstance(value, list):
            return [self.mask_json(item) for item in value]
        if isinstance(value, dict):
            return {self.mask_text(str(key)): self.mask_json(item) for key, item in value.items()}
        return value

    def _find_halves(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Return where the start of a secret stands before dots, and the end of one after them."""
        lower, done = data.lower(), 0
        while (dots := lower.find(_DOTS, done)) >= 0:
            before = _skip_back(lower, dots, done)
            start = self._extend_back(lower, before, done)
            if start < before:
                yield start, before
            after = _skip(lower, dots + len(_DOTS))
            done = self._extend(lower, after)
            if done > after:
                yield after, done

    def _extend_back(self, lower: bytes, end: int, least: int) -> int:
        """Return where the part of a secret that ends at `end` begins."""
        at = end - WINDOW
        if at < least or lower[at:end] not in self._pieces:
            return end
        while at > least and lower[at - 1 : at - 1 + WINDOW] in self._pieces:
            at -= 1
        return at

    def _extend(self, lower: bytes, start: int) -> int:
        """Return where the part of a secret that begins at `start` ends."""
        if lower[start : start + WINDOW] not in self._pieces:
            return start
        at = start
        while lower[at + 1 : at + 1 + WINDOW] in self._pieces:
            at += 1
        return at + WINDOW


def replace_parts(data: bytes, parts: Iterable[tuple[int, int]]) -> bytes:
    """Return `data` with a mask in place of each part; they come in order and do not overlap."""
    shown, done = [], 0
    for start, end in parts:
        shown += [data[done:start], MASK.encode()]
        done = end
    return b"".join([*shown, data[done:]]) if shown else data


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:  # a form of UTF-16 or UTF-32 began within a character
        return data.decode("utf-8", "replace")


def _skip_back(data: bytes, end: int, least: int) -> int:
    while end > least and data[end - 1] in _BLANKS:
        end -= 1
    return end


def _skip(data: bytes, start: int) -> int:
    while start < len(data) and data[start] in _BLANKS:
        start += 1
    return start


def _pieces(form: bytes) -> Iterator[bytes]:
    """Return every part of a form that is long enough to reveal it."""
    for at in range(len(form) - WINDOW + 1):
        if at < _KNOWN_END or at > len(form) - _KNOWN_END:
            yield form[at : at + WINDOW]
