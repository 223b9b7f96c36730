"""Bodies of requests: read whole before the app begins, within a size, a time, and a share of the memory for all."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.types import Receive

from wren_core.errors import AgentFixableError, InternalError

_RETRY_AFTER_MS = 5000
_SHARE = 4
"""One owner may hold this part of the memory for bodies."""


class ClientGone(Exception):
    """The client closed the connection before its request was complete."""


class ServerBusy(InternalError):
    """The server has as much to do as it can take."""

    code = "SERVER_BUSY"
    can_retry = True


class BodyBudget:
    """The memory that the bodies of all requests in progress may use, of which one owner gets a part.

    Args:
        total: in bytes.
        largest: the largest body; one of it must fit into the part of one owner.
    """

    def __init__(self, total: int, *, largest: int = 0) -> None:
        self._total = max(total, _SHARE * largest)
        self._held: Counter[str] = Counter()

    @contextmanager
    def share(self, owner: str) -> "Iterator[BodyShare]":
        """Give an owner a share for one request; what it took is given back at the end of the block."""
        share = BodyShare(self, owner)
        try:
            yield share
        finally:
            self._held[owner] -= share.taken
            if not self._held[owner]:
                del self._held[owner]

    def take(self, owner: str, count: int) -> None:
        """Reserve bytes for an owner.

        Raises:
            ServerBusy: there is no room for them now.
        """
        if self._held.total() + count > self._total or self._held[owner] + count > self._total // _SHARE:
            raise ServerBusy("too many large requests are in progress; try again later", retry_after_ms=_RETRY_AFTER_MS)
        self._held[owner] += count


class BodyShare:
    """What one request has taken of the budget."""

    def __init__(self, budget: BodyBudget, owner: str) -> None:
        self._budget = budget
        self._owner = owner
        self.taken = 0

    def take(self, count: int) -> None:
        """Reserve bytes; raises as `BodyBudget.take` does."""
        self._budget.take(self._owner, count)
        self.taken += count


async def read_body(receive: Receive, *, limit: int, seconds: float, share: BodyShare) -> bytes:
    """Return the whole body of a request.

    Raises:
        AgentFixableError: BODY_TOO_LARGE, or REQUEST_TIMED_OUT where it was not complete after `seconds`.
        ServerBusy: the bodies of all requests need too much memory.
        ClientGone: the client closed the connection.
    """
    chunks: list[bytes] = []
    left = limit
    try:
        async with asyncio.timeout(seconds):
            is_complete = False
            while not is_complete:
                message = await receive()
                if message["type"] != "http.request":
                    raise ClientGone
                chunk = message.get("body", b"")
                left -= len(chunk)
                if left < 0:
                    raise body_too_large(limit)
                share.take(len(chunk))
                chunks.append(chunk)
                is_complete = not message.get("more_body", False)
    except TimeoutError:
        message_text = f"the body was not complete within {seconds:g} s; send it faster, or send less"
        raise AgentFixableError(message_text, code="REQUEST_TIMED_OUT") from None
    return b"".join(chunks)


async def discard_body(receive: Receive, *, seconds: float) -> None:
    """Read the rest of a body and forget it, so that the client can finish sending and then read its answer.

    A connection that is closed while the client sends is reset, and the answer is lost with it.
    """
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body", False):
                    return
    except TimeoutError:
        return


def body_too_large(limit: int) -> AgentFixableError:
    """Return the error for a body over the limit, which it names in words."""
    return AgentFixableError(
        f"the body is larger than {_size(limit)}, the most that this address takes; send less",
        code="BODY_TOO_LARGE",
        details={"max_bytes": limit},
    )


def _size(count: int) -> str:
    for unit, name in ((2**20, "MiB"), (2**10, "KiB")):
        if count >= unit:
            return f"{count / unit:.4g} {name} ({count} bytes)"
    return f"{count} bytes"
