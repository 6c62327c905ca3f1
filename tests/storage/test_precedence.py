"""While an approved call is on its way, all other transactions of this process go one after the other."""

import asyncio
import contextvars

import pytest

from storage import precedence
from storage.precedence import Precedence

_before = contextvars.Context()
"""of what has nothing to do with the start"""


class Crowd:
    """Transactions that note how many of them are under way at once."""

    def __init__(self, door: Precedence) -> None:
        self.door = door
        self.at_once = self.most = 0
        self.go_on = asyncio.Event()

    async def one(self) -> None:
        async with self.door.turn():
            self.at_once += 1
            self.most = max(self.most, self.at_once)
            await self.go_on.wait()
            self.at_once -= 1


async def _settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_nothing_waits_while_nothing_starts() -> None:
    crowd = Crowd(Precedence())
    async with asyncio.TaskGroup() as group:
        for _ in range(5):
            group.create_task(crowd.one())
        await _settled()
        assert crowd.at_once == 5
        crowd.go_on.set()


async def test_others_go_one_by_one_while_a_call_starts_and_its_own_transactions_wait_for_none() -> None:
    crowd = Crowd(Precedence())
    with crowd.door.starting():
        others = [asyncio.create_task(crowd.one(), context=_before) for _ in range(5)]
        await _settled()
        assert crowd.at_once == 1
        async with crowd.door.turn():
            assert crowd.at_once == 1
    await _settled()
    assert crowd.at_once == 1, "those that wait do not all go when the start is over"
    crowd.go_on.set()
    await asyncio.gather(*others)
    assert crowd.most == 1


async def test_nobody_waits_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction inside another one, or one that waits for a row, must not keep the leases from being held."""
    monkeypatch.setattr(precedence, "LONGEST_WAIT", 0.01)
    crowd = Crowd(Precedence())
    with crowd.door.starting():
        others = [asyncio.create_task(crowd.one(), context=_before) for _ in range(3)]
        async with asyncio.timeout(30):
            while crowd.at_once < 3:  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(0.01)
        crowd.go_on.set()
        await asyncio.gather(*others)
    async with crowd.door.turn():
        assert not crowd.door._lane.locked()


async def test_a_lull_is_when_nothing_starts_and_is_not_waited_for_for_ever() -> None:
    door = Precedence()
    await door.lull(30)
    with door.starting():
        await door.lull(0.01)
        with door.starting():
            waiting = asyncio.create_task(door.lull(30))
            await _settled()
        await _settled()
        assert not waiting.done()
    async with asyncio.timeout(10):
        await waiting
