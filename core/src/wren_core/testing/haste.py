"""Time cut short: a client that would give up after thirty seconds does so at once.

What is proved is that there is a limit and what comes of it, not how long it is. Works for whatever uses Python's
sockets, whose limits all go through `settimeout`; pauses between attempts are cut the same way. And the certificates
every new client reads are read once.
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
def hurried(*, sockets: bool) -> Iterator[None]:
    """Let no pause, and where asked for no wait for a socket, take longer than a moment in this process."""
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
