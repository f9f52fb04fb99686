"""Lets long work and the event loop's other work go on beside each other, without threads.

A thread that computes keeps the interpreter's lock for 5 ms at a time (`sys.getswitchinterval`), and each
answer that the event loop waits for would come so much later.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from enum import Enum
from typing import Final, Literal, TypeVar

T = TypeVar("T")


class _End(Enum):
    END = "end"


# Long enough that turns cost little, short enough that nobody waits long for one.
_AT_A_TIME: Final = 5


async def taking_turns(items: Iterable[T]) -> AsyncIterator[T]:
    """The items; after each five of them the event loop does what else is due. For items of about 0.1 ms."""
    for number, item in enumerate(items, 1):
        yield item
        if number % _AT_A_TIME == 0:
            await asyncio.sleep(0)


async def one_ahead(items: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
    """The items; the next one is made while one is in use. Must be closed, which closes `items`."""

    async def following() -> T | Literal[_End.END]:
        return await anext(items, _End.END)

    coming = asyncio.create_task(following())
    try:
        while (item := await coming) is not _End.END:
            coming = asyncio.create_task(following())
            yield item
    finally:
        coming.cancel()
        await asyncio.gather(coming, return_exceptions=True)
        await items.aclose()
