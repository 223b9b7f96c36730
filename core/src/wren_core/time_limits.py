"""A limit for the whole of a request, since the limits of HTTP libraries only count the pauses between two bytes.

A provider that sends one byte a second keeps such a library waiting without an end. Here every wait on a socket is
limited by what is left of the whole. Only the lookup of a name in the DNS has no limit of Python's.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

BYTES_PER_SECOND = 64 * 1024
"""The slowest upload that is waited for: each of so many bytes extends the limit by a second."""
_PIECE = 16 * 1024


class TimeLimit:
    """The time until which a request must have ended."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left; negative afterwards."""
        return self._end - time.monotonic()

    @property
    def is_over(self) -> bool:
        """Whether it has passed."""
        return self.left <= 0

    def extend(self, sent: int) -> None:
        """Allow for the upload of so many bytes."""
        self._end += sent / BYTES_PER_SECOND


_limit: ContextVar[TimeLimit | None] = ContextVar("wren_time_limit", default=None)


@contextmanager
def limit_time(seconds: float) -> Iterator[TimeLimit]:
    """Limit the requests in the block, of this thread and of clients that `enforce` was called with."""
    limit = TimeLimit(seconds)
    token = _limit.set(limit)
    try:
        yield limit
    finally:
        _limit.reset(token)


def enforce(client: Any) -> None:
    """Let a client of httpx2 or httpx, which must be new, obey `limit_time`.

    The libraries have no public way to replace the sockets of their transports; a test with a server that sends one
    byte at a time shows whether this one still works.
    """
    for transport in (client._transport, *client._mounts.values()):  # noqa: SLF001 - see above
        pool = getattr(transport, "_pool", None)
        if pool is not None:
            pool._network_backend = _LimitedBackend(pool._network_backend)  # noqa: SLF001 - see above


def _shorten(timeout: float | None, kind: str, stream: Any) -> float | None:
    """Return the limit of one wait.

    Raises:
        TimeoutException: of the library that the stream belongs to; nothing is left.
    """
    limit = _limit.get()
    if limit is None:
        return timeout
    if limit.is_over:
        raise _library_of(stream, kind)(f"the time limit of the whole request has passed: {kind}")
    return limit.left if timeout is None else min(timeout, limit.left)


def _library_of(stream: Any, kind: str) -> type[Exception]:
    """Return the exception of httpcore2 or httpcore; a client library may use either."""
    from importlib import import_module

    found: type[Exception] = getattr(import_module(type(stream).__module__.partition(".")[0]), kind)
    return found


class _LimitedBackend:
    def __init__(self, backend: Any) -> None:
        self._backend = backend

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> Any:
        shortened = _shorten(timeout, "ConnectTimeout", self._backend)
        return _LimitedStream(self._backend.connect_tcp(host, port, timeout=shortened, **options))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._backend, name)


class _LimitedStream:
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        found: bytes = self._stream.read(max_bytes, timeout=_shorten(timeout, "ReadTimeout", self._stream))
        return found

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        limit, view = _limit.get(), memoryview(buffer)
        if limit is not None:
            limit.extend(len(view))
        for start in range(0, len(view), _PIECE):
            piece = view[start : start + _PIECE]
            self._stream.write(piece, timeout=_shorten(timeout, "WriteTimeout", self._stream))

    def start_tls(self, ssl_context: Any, server_hostname: str | None = None, timeout: float | None = None) -> Any:
        shortened = _shorten(timeout, "ConnectTimeout", self._stream)
        return _LimitedStream(self._stream.start_tls(ssl_context, server_hostname, timeout=shortened))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)
