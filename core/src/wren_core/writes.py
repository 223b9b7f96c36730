"""Whether the current call has already written something, and the words for doubt about it.

After a write no failure means that nothing was done.

`execution.call` watches; clients note each write that succeeded or may have succeeded. A call in another thread that
the method itself started is not seen.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from wren_core.errors import WrenError

MAY_HAVE_HAPPENED = "may_have_happened"
"""Key of `details`: true where the provider may have done what the error is about."""
DOUBT = "it may have been done: look before you try again"
"""The next step after a write whose outcome is unknown."""


@dataclass
class WriteWatch:
    """What one call has done so far."""

    has_written: bool = False


_watch: ContextVar[WriteWatch | None] = ContextVar("wren_write_watch", default=None)


@contextmanager
def watch_writes() -> Iterator[WriteWatch]:
    """Watch the writes in the block; those of a call inside another one count for both."""
    outer, watch = _watch.get(), WriteWatch()
    token = _watch.set(watch)
    try:
        yield watch
    finally:
        _watch.reset(token)
        if outer is not None and watch.has_written:
            outer.has_written = True


def note_write() -> None:
    """Note that the provider has done, or may have done, something that must not be done twice."""
    watch = _watch.get()
    if watch is not None:
        watch.has_written = True


def mark_doubt(error: WrenError, words: str = DOUBT) -> None:
    """Let an error say, once, that the provider may have done what it was asked, so that no host simply asks again."""
    if error.details.get(MAY_HAVE_HAPPENED) is True:
        return
    error.can_retry = False
    error.details = {**error.details, MAY_HAVE_HAPPENED: True}
    error.message = f"{error.message}; {words}"
    error.args = (error.message,)


def clear_doubt(error: WrenError) -> None:
    """Take back what `mark_doubt` did: asking again does no harm."""
    if error.details.get(MAY_HAVE_HAPPENED) is not True:
        return
    error.can_retry = type(error).can_retry
    error.details = {key: value for key, value in error.details.items() if key != MAY_HAVE_HAPPENED}
    error.message = error.message.removesuffix(f"; {DOUBT}")
    error.args = (error.message,)
