"""Lets only a few decoders run at a time, and for each caller one after the other."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID
from weakref import WeakValueDictionary

from chassis.refusal import Refusal, Status

# Each takes a processor, and up to a gigabyte of memory.
_AT_ONCE = 2
_PATIENCE = 30.0


class Turns:
    """Two places for everybody together, and one for each caller; further ones wait for up to 30 seconds."""

    def __init__(self) -> None:
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def one(self, caller_id: UUID) -> AsyncIterator[None]:
        """Hold a place while in the block; refuses where none comes free in time."""
        lock = self._turns.setdefault(caller_id, asyncio.Lock())
        try:
            async with asyncio.timeout(_PATIENCE):
                await lock.acquire()
                try:
                    await self._places.acquire()
                except BaseException:
                    lock.release()
                    raise
        except TimeoutError as error:
            raise Refusal(Status.RESOURCE_EXHAUSTED, "OVERLOADED", "too many at once") from error
        try:
            yield
        finally:
            self._places.release()
            lock.release()
