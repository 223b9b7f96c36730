"""Splits bytes into lines, and buffers no more than a limit."""


class LineTooLong(ValueError):
    """A line is longer than the limit; the rest of the stream cannot be trusted."""


class LineBuffer:
    """Splits a stream into lines without their newline.

    Args:
        limit: most bytes a line may have.
    """

    def __init__(self, *, limit: int) -> None:
        self._limit = limit
        self._pending = b""

    def feed(self, data: bytes) -> list[bytes]:
        """Return the lines that `data` completes.

        Raises:
            LineTooLong: as soon as a line, complete or not, exceeds the limit.
        """
        *lines, self._pending = (self._pending + data).split(b"\n")
        if any(len(line) > self._limit for line in (*lines, self._pending)):
            raise LineTooLong(f"a line of more than {self._limit} bytes")
        return lines
