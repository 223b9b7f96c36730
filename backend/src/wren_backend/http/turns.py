"""Turns: a limit on what is done at once, for each owner and together, which no owner can use up for the others."""

import asyncio
import threading
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from wren_core.errors import AgentFixableError

_RETRY_AFTER_MS = 5000


class TooManyRequests(AgentFixableError):
    """The owner has as much in progress as one owner may."""

    code = "RATE_LIMITED"
    can_retry = True


class Turn:
    """A turn that is held."""

    def __init__(self, give_back: Callable[[], None]) -> None:
        self._give_back = give_back
        self._is_held = True

    def give_back(self) -> None:
        """End the turn; later calls change nothing."""
        if self._is_held:
            self._is_held = False
            self._give_back()


@dataclass(eq=False)
class _Place:
    """One who waits; `granted` is set in the event loop that waits for it."""

    loop: asyncio.AbstractEventLoop
    granted: asyncio.Event = field(default_factory=asyncio.Event)
    has_turn: bool = False


class Turns:
    """Gives turns. When one is free, the owner that has waited longest since its last turn gets it.

    Args:
        each: turns of one owner at once.
        total: turns at once.
        waiting: how many of one owner may wait; a further one is refused.
        what: what the turns are for, in the plural, as a refusal names it.
    """

    def __init__(self, *, each: int, total: int, waiting: int, what: str) -> None:
        self._each = each
        self._total = total
        self._most_waiting = waiting
        self._what = what
        self._active: Counter[str] = Counter()
        self._queues: dict[str, deque[_Place]] = {}
        self._lock = threading.Lock()  # event loops of several threads may share the object

    @asynccontextmanager
    async def take(self, owner: str) -> AsyncIterator["Turn"]:
        """Wait for a turn of `owner` and hold it for the block, or until it is given back.

        Raises:
            TooManyRequests: too many of this owner wait already.
        """
        await self._wait(owner)
        turn = Turn(lambda: self._give_back(owner))
        try:
            yield turn
        finally:
            turn.give_back()

    async def _wait(self, owner: str) -> None:
        place = _Place(asyncio.get_running_loop())
        with self._lock:
            queue = self._queues.setdefault(owner, deque())
            if len(queue) >= self._most_waiting:
                raise self._refusal()
            queue.append(place)
            self._grant()
        try:
            await place.granted.wait()
        except asyncio.CancelledError:
            self._leave(owner, place)
            raise

    def _leave(self, owner: str, place: _Place) -> None:
        with self._lock:
            queue = self._queues.get(owner)
            if queue is not None and place in queue:
                queue.remove(place)
                if not queue:
                    del self._queues[owner]
                return
        if place.has_turn:
            self._give_back(owner)

    def _give_back(self, owner: str) -> None:
        with self._lock:
            self._active[owner] -= 1
            if not self._active[owner]:
                del self._active[owner]
            self._grant()

    def _grant(self) -> None:
        """Give the free turns; the dictionary keeps the owners in the order in which they are served."""
        while self._active.total() < self._total:
            owner = next((name for name in self._queues if self._active[name] < self._each), None)
            if owner is None:
                return
            queue = self._queues.pop(owner)
            place = queue.popleft()
            if queue:
                self._queues[owner] = queue  # behind the others
            self._active[owner] += 1
            place.has_turn = True
            _wake(place)

    def _refusal(self) -> TooManyRequests:
        return TooManyRequests(
            f"{self._each} {self._what} of yours are in progress and {self._most_waiting} wait; try again later",
            retry_after_ms=_RETRY_AFTER_MS,
        )


def _wake(place: _Place) -> None:
    if place.loop.is_closed():
        return
    place.loop.call_soon_threadsafe(place.granted.set)
