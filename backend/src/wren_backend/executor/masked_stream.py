"""Masks secrets in bytes that arrive in pieces: of one stream, and over two streams that are read as one log."""

from collections.abc import Iterator

from wren_backend.executor.masking import MASK, Masker
from wren_backend.executor.port import Stream

Piece = tuple[Stream, bytes]
"""Bytes with the stream they came from."""


class MaskedStream:
    """Masks one stream; holds back no more than the possible start of a secret."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return the bytes that can be shown now."""
        data = self._held + data
        end = find_safe_end(self._masker, data)
        shown, self._held = data[:end], data[end:]
        return self._masker.mask_bytes(shown)

    def flush(self) -> bytes:
        """Return the rest; the stream has ended."""
        rest, self._held = self._held, b""
        return self._masker.mask_bytes(rest)

    def discard(self) -> None:
        """Forget what was held back: the stream is cut here, and it may be the first half of a secret."""
        self._held = b""


class MaskedLog:
    """Masks secrets that a script spreads over its streams: the pieces of all of them, in the order they arrive.

    A secret split within one stream, with bytes of the other in between, is the affair of that stream's
    `MaskedStream`.
    """

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held: list[Piece] = []

    def feed(self, name: Stream, data: bytes) -> list[Piece]:
        """Return the pieces that can be shown now, each with its stream."""
        pieces = [*self._held, (name, data)]
        whole = b"".join(piece for _, piece in pieces)
        end = find_safe_end(self._masker, whole)
        self._held = list(_cut(pieces, end, len(whole)))
        return self._mask(list(_cut(pieces, 0, end)), whole[:end])

    def flush(self) -> list[Piece]:
        """Return the rest; all streams have ended."""
        pieces, self._held = self._held, []
        return self._mask(pieces, b"".join(piece for _, piece in pieces))

    def discard(self) -> None:
        """Forget what was held back: the log is cut here."""
        self._held = []

    def _mask(self, pieces: list[Piece], whole: bytes) -> list[Piece]:
        shown, done = list[Piece](), 0
        for start, end in self._masker.search.find(whole):
            hit = list(_cut(pieces, start, end))
            if len(hit) > 1:  # one within a piece is left to the stream, which sees more of it
                shown += [*_cut(pieces, done, start), (hit[0][0], MASK.encode())]
                done = end
        return [*shown, *_cut(pieces, done, len(whole))]


def find_safe_end(masker: Masker, data: bytes) -> int:
    """Return where to cut so that no secret, whole or partial, lies across the cut."""
    begun = masker.search.find_begun(data)
    # A whole secret may reach into what looks like the start of another one: cut after it.
    for start, end in masker.search.find(data):
        if start >= begun:
            break
        if end > begun:
            return end
    return begun


def _cut(pieces: list[Piece], start: int, end: int) -> Iterator[Piece]:
    """Return the part of the pieces from `start` to `end`, counted over all of them."""
    at = 0
    for name, data in pieces:
        part = data[max(0, start - at) : max(0, end - at)]
        if part:
            yield name, part
        at += len(data)
