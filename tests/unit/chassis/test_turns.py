"""Long work, and what the event loop does beside it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from chassis.turns import one_ahead, taking_turns


class Source:
    """Makes numbers; notes which it has made, and whether it was closed."""

    def __init__(self, count: int, fails_after: bool = False) -> None:
        self.made: list[int] = []
        self.closed = False
        self._count = count
        self._fails_after = fails_after

    async def items(self) -> AsyncGenerator[int, None]:
        try:
            for number in range(self._count):
                await asyncio.sleep(0)
                self.made.append(number)
                yield number
            if self._fails_after:
                raise LookupError
        finally:
            self.closed = True


async def _others() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_the_next_item_and_no_further_one_is_made_while_one_is_in_use() -> None:
    source, got = Source(4), []
    async with aclosing(one_ahead(source.items())) as items:
        async for item in items:
            got.append(item)
            await _others()
            assert source.made == list(range(min(item + 2, 4)))
    assert got == [0, 1, 2, 3]
    assert source.closed


async def test_an_error_comes_after_the_items_before_it_were_used() -> None:
    items = one_ahead(Source(2, fails_after=True).items())
    assert await anext(items) == 0
    await _others()
    assert await anext(items) == 1
    await _others()
    with pytest.raises(LookupError):
        await anext(items)


async def test_who_stops_early_closes_the_source() -> None:
    source = Source(100)
    async with aclosing(one_ahead(source.items())) as items:
        await anext(items)
    assert source.closed
    assert len(source.made) <= 2


async def test_others_have_their_turn_between_the_items() -> None:
    turns, done = 0, False

    async def other() -> None:
        nonlocal turns
        while not done:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    assert [item async for item in taking_turns(range(23))] == list(range(23))
    done = True
    await task
    assert turns >= 4
