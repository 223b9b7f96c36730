"""Splits bytes into lines, and buffers no more than a limit."""


class LineTooLong(ValueError):
    """A line is longer than the limit; the rest of the stream cannot be trusted."""


class LineBuffer:
    """Splits a stream into lines without their newline, in time that grows with the bytes, however they are cut.

    Args:
        limit: most bytes a line may have.
    """

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._pending = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes.

        Raises:
            LineTooLong: as soon as a line, complete or not, exceeds the limit.
        """
        first, *others = data.split(b"\n")
        self._pending += first
        lines = [bytes(self._pending), *others[:-1]] if others else []
        if others:
            self._pending = bytearray(others[-1])
        if len(self._pending) > self._limit or any(len(line) > self._limit for line in lines):
            raise LineTooLong(f"a line of more than {self._limit} bytes")
        return lines
