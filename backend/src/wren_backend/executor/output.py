"""A run's stdout and stderr: masked, decoded, capped, counted."""

import codecs
from collections.abc import Callable

from wren_backend.executor.masking import Masker
from wren_backend.executor.port import Stream
from wren_backend.storage.storable import storable_text

OnOutput = Callable[[Stream, str], None]
"""Takes `(stream, text)`; the text is masked and storable, and ends anywhere, also within a line."""


class OutputMeter:
    """Counts how much output of both streams together is still kept."""

    def __init__(self, *, keep_bytes: int, budget_bytes: int) -> None:
        self._left = keep_bytes
        self._budget = budget_bytes
        self.total = 0

    def admit(self, data: bytes) -> bytes:
        """Count `data` and return the part of it that is kept."""
        self.total += len(data)
        kept = data[: self._left]
        self._left -= len(kept)
        return kept

    @property
    def is_over_budget(self) -> bool:
        """Tell whether the run wrote more than the budget."""
        return self.total > self._budget


class OutputStream:
    """One stream of one run."""

    def __init__(self, name: Stream, *, masker: Masker, meter: OutputMeter, on_output: OnOutput) -> None:
        self._name: Stream = name
        self._meter = meter
        self._masked = masker.stream()
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._on_output = on_output
        self.truncated = False

    def feed(self, data: bytes) -> None:
        """Pass on what may be shown of `data`; nothing after the first byte that was not kept."""
        kept = self._meter.admit(data)
        if self.truncated:
            return
        # Cut before masking: a secret across the cut shows its first part only if that part is shorter than it.
        self._emit(self._masked.feed(kept), final=False)
        if len(kept) < len(data):
            self.truncated = True
            self._masked.discard()

    def close(self) -> None:
        """Pass on the bytes that were held back."""
        self._emit(self._masked.flush(), final=True)

    def _emit(self, data: bytes, *, final: bool) -> None:
        text = self._decoder.decode(data, final)
        if text:
            self._on_output(self._name, storable_text(text))
