"""Log lines of an outage: each is written once, and then counted, however many requests and runs meet it."""

import logging
import threading
from collections.abc import Callable, MutableMapping
from typing import Any

import structlog

from wren_backend.outages import Outage, find_exhaustion

WINDOW_SECONDS = 60.0
_Key = tuple[str, str]


class Repeats:
    """Lets the first line of an event and an outage pass, and reports the others by number, once a window.

    After a window without such a line, the next one passes again.

    Args:
        report: gets event, code of the outage, and how often it was held back in a window.
        window: length in seconds.
    """

    def __init__(self, report: Callable[[str, str, int], None], *, window: float = WINDOW_SECONDS) -> None:
        self._report = report
        self._window = window
        self._held: dict[_Key, int] = {}
        self._lock = threading.Lock()

    def passes(self, event: str, exc: object) -> bool:
        """Tell whether a line is to be written; count it where it is not."""
        code = find_outage_code(exc)
        if code is None:
            return True
        key = (event, code)
        with self._lock:
            is_first = key not in self._held
            self._held[key] = 0 if is_first else self._held[key] + 1
        if is_first:
            self._wait(key)
        return is_first

    def _wait(self, key: _Key) -> None:
        timer = threading.Timer(self._window, self._end_window, [key])
        timer.daemon = True
        timer.start()

    def _end_window(self, key: _Key) -> None:
        with self._lock:
            held = self._held[key]
            if held:
                self._held[key] = 0
            else:
                del self._held[key]
        if held:
            self._report(*key, held)
            self._wait(key)


class RepeatFilter(logging.Filter):
    """Applies `Repeats` to lines of libraries, such as the event loop's when no descriptor is left."""

    def __init__(self, repeats: Repeats) -> None:
        super().__init__()
        self._repeats = repeats

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether the line is to be written."""
        return not isinstance(record.msg, str) or self._repeats.passes(record.msg, record.exc_info)


def drop_repeats(repeats: Repeats) -> structlog.types.Processor:
    """Return the processor that applies `Repeats` to the backend's own lines."""

    def process(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        if repeats.passes(str(event.get("event")), event.get("exc_info")):
            return event
        raise structlog.DropEvent

    return process


def find_outage_code(exc: object) -> str | None:
    """Return the code of the outage that an exception is, or is caused by; None for any other error."""
    found = exc[1] if isinstance(exc, tuple) else exc
    while isinstance(found, BaseException):
        if isinstance(found, Outage):
            return found.code
        if exhausted := find_exhaustion(found):
            return exhausted.code
        found = found.__cause__ or found.__context__
    return None
