"""Masks secrets in everything a run outputs, where the parent process reads it.

Best effort: a script that wants to leak its own token can always invent another encoding. Caught are the value as
it is, base64 (both alphabets, at any offset), percent-encoded, JSON-escaped and hexadecimal, also when it is split over
writes, and the part of it that is left where an error message was shortened. Not caught are base64 broken over lines,
compression, encryption, reversal, and single characters spread among others.
"""

import json
import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote, quote_plus

from wren_core.contract.secret_forms import base64_forms

MASK = "[masked]"
MIN_SECRET_CHARACTERS = 6
"""Shorter values are words; masking them would garble the log and hide nothing."""
# The dots that mark where a text was shortened.
_CUT = re.compile(rb"\s*\.\.\.\s*")


class Masker:
    """Knows the secrets of one run; `add` may be called while others mask."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: frozenset[bytes] = frozenset()
        self._pattern: re.Pattern[bytes] | None = None
        self._pieces: frozenset[bytes] = frozenset()
        self.add(*secrets)

    @property
    def forms(self) -> frozenset[bytes]:
        """Every byte string that is masked."""
        return self._forms

    def add(self, *secrets: str) -> None:
        """Mask these too from now on; earlier ones stay masked."""
        found = {form for secret in secrets for form in encoded_forms(secret)}
        if not found <= self._forms:
            forms = self._forms | found
            # Longest first, so that a secret that starts another one does not leave the rest of the longer one visible.
            self._pattern = re.compile(b"|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)))
            self._pieces = frozenset(piece for form in forms for piece in _pieces(form))
            self._forms = forms

    def mask_bytes(self, data: bytes) -> bytes:
        """Return `data` with every secret replaced."""
        pattern = self._pattern
        return pattern.sub(MASK.encode(), data) if pattern else data

    def mask_text(self, text: str) -> str:
        """Return `text` with every secret replaced, and the parts of one that shortening has left."""
        masked = self.mask_bytes(text.encode("utf-8", "surrogatepass"))
        return self._mask_halves(masked).decode("utf-8", "surrogatepass")

    def mask_json(self, value: Any) -> Any:
        """Return a JSON value with every secret replaced in its strings and keys."""
        if isinstance(value, str):
            return self.mask_text(value)
        if isinstance(value, list):
            return [self.mask_json(item) for item in value]
        if isinstance(value, dict):
            return {self.mask_text(str(key)): self.mask_json(item) for key, item in value.items()}
        return value

    def _mask_halves(self, data: bytes) -> bytes:
        """Replace the start of a secret before dots, and the end of one after them."""
        shown, done = [], 0
        for cut in _CUT.finditer(data):
            if cut.start() < done:
                continue  # dots of the secret itself
            start = cut.start() - self._measure_start(data[done : cut.start()])
            end = cut.end() + self._measure_end(data, cut.end())
            shown += [data[done:start], MASK.encode() if start < cut.start() else b"", cut.group()]
            shown += [MASK.encode() if end > cut.end() else b""]
            done = end
        return b"".join([*shown, data[done:]])

    def _measure_start(self, data: bytes) -> int:
        """Return how many bytes at the end of `data` are the start of a secret."""
        if data[-MIN_SECRET_CHARACTERS:] not in self._pieces:
            return 0
        return max(len(tail) - begin_of_prefix(tail, form) for form in self._forms for tail in [data[-len(form) :]])

    def _measure_end(self, data: bytes, start: int) -> int:
        """Return how many bytes from `start` on are the end of a secret."""
        if data[start : start + MIN_SECRET_CHARACTERS] not in self._pieces:
            return 0
        heads = [(form[::-1], data[start : start + len(form)][::-1]) for form in self._forms]
        return max(len(head) - begin_of_prefix(head, form) for form, head in heads)

    def stream(self) -> "MaskedStream":
        """Return a filter for one stream of bytes."""
        return MaskedStream(self)


class MaskedStream:
    """Masks a stream that arrives in pieces; holds back no more than the possible start of a secret."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return the bytes that can be shown now."""
        data = self._held + data
        end = self._safe_end(data)
        shown, self._held = data[:end], data[end:]
        return self._masker.mask_bytes(shown)

    def flush(self) -> bytes:
        """Return the rest; the stream has ended."""
        rest, self._held = self._held, b""
        return self._masker.mask_bytes(rest)

    def discard(self) -> None:
        """Forget what was held back: the stream is cut here, and it may be the first half of a secret."""
        self._held = b""

    def _safe_end(self, data: bytes) -> int:
        """Return where to cut so that no secret, whole or partial, lies across the cut."""
        begun = min((begin_of_prefix(data, form) for form in self._masker.forms), default=len(data))
        # A whole secret may reach into what looks like the start of another one: cut after it.
        pattern = self._masker._pattern  # noqa: SLF001 - the two classes are one mechanism
        for match in pattern.finditer(data) if pattern else ():
            if match.start() >= begun:
                break
            if match.end() > begun:
                return match.end()
        return begun


def begin_of_prefix(data: bytes, form: bytes) -> int:
    """Return where `data` ends in a proper prefix of `form` (the longest one), or the length of `data`."""
    start = max(0, len(data) - len(form) + 1)
    while (start := data.find(form[:1], start)) >= 0:
        if form.startswith(data[start:]):
            return start
        start += 1
    return len(data)


def _pieces(form: bytes) -> Iterable[bytes]:
    """Return every part of a form that is long enough to reveal it."""
    return (form[at : at + MIN_SECRET_CHARACTERS] for at in range(len(form) - MIN_SECRET_CHARACTERS + 1))


def encoded_forms(secret: str) -> set[bytes]:
    """Return every byte string that reveals `secret`; empty for a secret too short to mask."""
    if len(secret) < MIN_SECRET_CHARACTERS:
        return set()
    raw = secret.encode("utf-8", "surrogatepass")
    texts = {
        *(quote(raw, safe=""), quote(raw), quote_plus(raw)),
        *(_lower_percent(quote(raw, safe="")), _lower_percent(quote(raw))),
        *(json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], repr(secret)[1:-1]),
        *(raw.hex(), raw.hex().upper()),
    }
    return {raw, *(text.encode("utf-8", "surrogatepass") for text in texts), *base64_forms(raw)}


def _lower_percent(quoted: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda match: match.group().lower(), quoted)
