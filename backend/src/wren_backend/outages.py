"""Outages: the database, the disk or the system lacks something, for all requests and runs alike."""

import errno

from wren_core.errors import InternalError

RETRY_AFTER_MS = 1000


class Outage(InternalError):
    """Something that every request needs is missing; nothing was changed. It is logged once, and then counted."""


class ServerExhausted(Outage):
    """The server has no file descriptors, memory or disk space left; nothing was changed."""

    code = "SERVER_EXHAUSTED"
    can_retry = True


_EXHAUSTION = {
    errno.EMFILE: "file descriptors (ulimit -n) left",
    errno.ENFILE: "file descriptors left on this machine",
    errno.ENOMEM: "memory left",
    errno.ENOSPC: "disk space left",
    errno.EDQUOT: "disk quota left",
    errno.EAGAIN: "processes or threads (ulimit -u) left",
}


def find_exhaustion(exc: BaseException | None) -> ServerExhausted | None:
    """Return the error for a resource that ran out, as an exception or one of its causes says; None for any other."""
    while exc is not None:
        if isinstance(exc, OSError) and exc.errno in _EXHAUSTION and not isinstance(exc, BlockingIOError):
            return exhausted(exc.errno)
        exc = exc.__cause__ or exc.__context__
    return None


def exhausted(number: int) -> ServerExhausted:
    """Return the error for an `errno` of a resource that ran out."""
    return ServerExhausted(
        f"the server has no {_EXHAUSTION[number]}; try again, and tell its operator", retry_after_ms=RETRY_AFTER_MS
    )
