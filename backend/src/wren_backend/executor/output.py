"""A run's stdout and stderr: masked, decoded, capped, counted."""

import codecs
from collections.abc import Callable

from wren_backend.executor.launcher.policy import Limits
from wren_backend.executor.masked_stream import MaskedLog, MaskedStream
from wren_backend.executor.masking import Masker
from wren_backend.executor.port import Stream
from wren_backend.executor.sizes import format_size
from wren_backend.storage.storable import storable_text

OnOutput = Callable[[Stream, str], None]
"""Takes `(stream, text)`; the text is masked and storable, and ends anywhere, also within a line."""
OnNotice = Callable[[str], None]
"""Takes a line of the platform about the run."""

# Looking for secrets costs some work for each piece of output; this is how often a second it is done at most.
_PAUSE_SECONDS = 0.02


class OutputMeter:
    """Counts how much output of both streams together is still kept: in bytes and in lines."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._bytes_left = limits.output_bytes
        self._lines_left = limits.output_lines
        self.total = 0
        self.notice: str | None = None
        """What was cut and why, once something was."""

    def admit(self, data: bytes) -> bytes:
        """Count `data` and return the part of it that is kept: nothing, once something was cut."""
        self.total += len(data)
        if self.notice is not None:
            return b""
        kept, breaks = self._fit_lines(data[: self._bytes_left])
        if len(kept) < len(data):
            self.notice = _describe_cut(self._limits, by_lines=len(kept) < min(len(data), self._bytes_left))
        self._bytes_left -= len(kept)
        self._lines_left -= breaks
        return kept

    @property
    def is_over_budget(self) -> bool:
        """Tell whether the run wrote more than the budget."""
        return self.total > self._limits.output_budget_bytes

    def _fit_lines(self, data: bytes) -> tuple[bytes, int]:
        """Return what fits into the lines that are left, and how many it takes."""
        breaks = data.count(b"\n")
        if breaks <= self._lines_left:
            return data, breaks
        lines = data.split(b"\n", self._lines_left)
        return data[: len(data) - len(lines[-1])], self._lines_left


class RunOutput:
    """Both streams of one run.

    Args:
        masker: knows the run's secrets.
        meter: decides what is kept.
        on_output: gets the text.
        on_notice: gets a line in words where the output was cut.
    """

    def __init__(self, masker: Masker, meter: OutputMeter, *, on_output: OnOutput, on_notice: OnNotice) -> None:
        self._meter = meter
        self._on_output = on_output
        self._on_notice = on_notice
        self._waiting: list[tuple[Stream, list[bytes]]] = []
        self._passed_on = 0.0
        self._log = MaskedLog(masker)
        self._masked: dict[Stream, MaskedStream] = {"stdout": MaskedStream(masker), "stderr": MaskedStream(masker)}
        self._decoders = {name: codecs.getincrementaldecoder("utf-8")("replace") for name in self._masked}

    @property
    def truncated(self) -> bool:
        """Tell whether some output was not kept."""
        return self._meter.notice is not None

    def feed(self, name: Stream, data: bytes) -> None:
        """Take output; `pass_on` shows it, and nothing after the first byte that was not kept."""
        was_cut = self.truncated
        kept = self._meter.admit(data)
        if kept and self._waiting and self._waiting[-1][0] == name:
            self._waiting[-1][1].append(kept)
        elif kept:
            self._waiting.append((name, [kept]))
        if self._meter.notice is not None and not was_cut:
            self._pass_on_all()
            self._cut(self._meter.notice)

    def pass_on(self, now: float) -> None:
        """Pass on what may be shown, if the last time is long enough ago: a script may write byte by byte."""
        if self._waiting and now - self._passed_on >= _PAUSE_SECONDS:
            self._passed_on = now
            self._pass_on_all()

    def close(self) -> None:
        """Pass on the bytes that were held back."""
        self._pass_on_all()
        self._show(self._log.flush())
        for name in self._masked:
            self._emit(name, self._masked[name].flush(), final=True)

    def _pass_on_all(self) -> None:
        waiting, self._waiting = self._waiting, []
        for name, parts in waiting:
            self._show(self._log.feed(name, b"".join(parts)))

    def _cut(self, notice: str) -> None:
        """Drop what is held back, which may be the first half of a secret, and say that the rest is missing."""
        self._log.discard()
        for stream in self._masked.values():
            stream.discard()
        self._on_notice(notice)

    def _show(self, pieces: list[tuple[Stream, bytes]]) -> None:
        for name, data in pieces:
            self._emit(name, self._masked[name].feed(data), final=False)

    def _emit(self, name: Stream, data: bytes, *, final: bool) -> None:
        text = self._decoders[name].decode(data, final)
        if text:
            self._on_output(name, storable_text(text))


def _describe_cut(limits: Limits, *, by_lines: bool) -> str:
    if by_lines:
        kept, setting = f"{limits.output_lines} lines", "WREN_LIMITS__OUTPUT_LINES"
    else:
        kept, setting = format_size(limits.output_bytes), "WREN_LIMITS__OUTPUT_BYTES"
    return (
        f"the log is cut here: the first {kept} of stdout and stderr are kept, and the script wrote more; "
        f"the operator's setting {setting} is that limit"
    )
