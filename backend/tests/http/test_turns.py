import asyncio

import pytest

from wren_backend.http.turns import TooManyRequests, Turns
from wren_core.testing.patience import patience


class Visitor:
    """Takes a turn in a task and holds it until it is let go."""

    def __init__(self, turns, owner, served):
        self._turns, self._owner, self._served = turns, owner, served
        self._leave = asyncio.Event()
        self.task = asyncio.create_task(self._visit())

    async def _visit(self):
        async with self._turns.take(self._owner):
            self._served.append(self._owner)
            await self._leave.wait()

    async def leave(self):
        self._leave.set()
        await asyncio.wait_for(self.task, patience(5))


async def settle():
    for _ in range(20):
        await asyncio.sleep(0)


def turns_of(**limits):
    return Turns(**{"each": 2, "total": 3, "waiting": 10, "what": "requests", **limits})


def test_an_owner_gets_so_many_turns_and_leaves_the_rest_to_others():
    async def scenario():
        turns, served = turns_of(), []
        visitors = [Visitor(turns, owner, served) for owner in "aaaaab"]
        await settle()
        first = list(served)
        for visitor in visitors:
            await visitor.leave()
        return first, served

    first, served = asyncio.run(scenario())

    assert first == ["a", "a", "b"]
    assert sorted(served) == sorted("aaaaab")


def test_owners_take_turns_however_many_requests_one_of_them_has():
    async def scenario():
        turns, served = turns_of(each=1, total=1, waiting=100), []
        flood = [Visitor(turns, "a", served) for _ in range(30)]
        await settle()
        others = [Visitor(turns, owner, served) for owner in "bc"]
        await settle()
        for visitor in [flood[0], flood[1], *others, *flood[2:]]:
            await visitor.leave()
        return served

    assert asyncio.run(scenario())[:4] == ["a", "a", "b", "c"]


def test_more_than_may_wait_are_refused_with_when_to_come_back():
    async def scenario():
        turns, served = turns_of(each=1, total=1, waiting=2), []
        visitors = [Visitor(turns, "a", served) for _ in range(3)]
        await settle()
        with pytest.raises(TooManyRequests, match="2 wait") as refused:
            async with turns.take("a"):
                pass
        for visitor in visitors:
            await visitor.leave()
        return refused.value, served

    error, served = asyncio.run(scenario())

    assert (error.code, error.can_retry, error.retry_after_ms) == ("RATE_LIMITED", True, 5000)
    assert served == ["a"] * 3


def test_a_turn_is_free_again_after_a_failure_a_cancellation_and_an_early_return():
    async def scenario():
        turns = turns_of(each=1, total=1)
        with pytest.raises(ValueError, match="broken"):
            async with turns.take("a"):
                raise ValueError("broken")
        async with turns.take("a") as held:
            waiting = asyncio.create_task(turns.take("a").__aenter__())
            await settle()
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            held.give_back()
            held.give_back()
            async with turns.take("b"):
                pass
        async with asyncio.timeout(patience(5)), turns.take("a"):
            return True

    assert asyncio.run(scenario())
