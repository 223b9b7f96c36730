"""Shorten every wait of this process, so that a client which gives up after thirty seconds gives up at once.

A check proves that there is a time limit and what error it leads to, not how long it is. This works for all that uses
Python's sockets, whose limits go through `settimeout`, and for pauses by `time.sleep`. The certificates that every new
client reads are read once.
"""

import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

LONGEST_LIMIT_SECONDS = 0.015
LONGEST_PAUSE_SECONDS = 0.002


@contextmanager
def shorten_waits(*, sockets: bool) -> Iterator[None]:
    """Shorten the pauses in this process to `LONGEST_PAUSE_SECONDS`.

    Args:
        sockets: shorten the time limits of sockets, too, to `LONGEST_LIMIT_SECONDS`.
    """
    pause, limit, new_context = time.sleep, socket.socket.settimeout, ssl.create_default_context

    def short_pause(seconds: float) -> None:
        pause(min(seconds, LONGEST_PAUSE_SECONDS))

    def short_limit(self: socket.socket, seconds: float | None) -> None:
        limit(self, min(seconds, LONGEST_LIMIT_SECONDS) if seconds else seconds)

    clock: Any = time
    kind: Any = socket.socket
    security: Any = ssl
    clock.sleep, security.create_default_context = short_pause, cache(new_context)
    if sockets:
        kind.settimeout = short_limit
    try:
        yield
    finally:
        clock.sleep, security.create_default_context = pause, new_context
        if sockets:
            del kind.settimeout
