"""Writes an object to the store part by part, while its bytes still come."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from minio.datatypes import Part

from services.attachments.store_client import StoreClient, StoreUnreachable, refusing

T = TypeVar("T")

# The smallest that S3 takes of a part that is not the last.
PART_SIZE: Final = 5 * 1024 * 1024


class PartStore:
    """What the store does for writers, in threads of its own: what comes in does not wait for what goes out.

    All calls raise StoreUnavailable.
    """

    def __init__(self, client: StoreClient, bucket: str, threads: int) -> None:
        self._client = client
        self._bucket = bucket
        self._threads = ThreadPoolExecutor(threads, "store-part")

    async def put(self, key: str, data: bytearray) -> None:
        """Write an object at once."""
        await self._call(lambda: self._client.put_whole(self._bucket, key, data))

    async def begin(self, key: str) -> str:
        """Begin an object that comes in parts; returns the id of its upload."""
        return await self._call(lambda: self._client.begin_upload(self._bucket, key))

    async def put_part(self, key: str, upload_id: str, number: int, data: bytearray) -> Part:
        """Write the part with that number, counted from 1."""
        return await self._call(lambda: self._client.put_part(self._bucket, key, upload_id, number, data))

    async def complete(self, key: str, upload_id: str, parts: list[Part]) -> None:
        """Make the object of its parts."""
        await self._call(lambda: self._client.complete_upload(self._bucket, key, upload_id, parts))

    async def abort(self, key: str, upload_id: str) -> None:
        """Drop all parts."""
        await self._call(lambda: self._client.abort_upload(self._bucket, key, upload_id))

    def close(self) -> None:
        """End the threads; what is in hand ends first."""
        self._threads.shutdown()

    async def _call(self, call: Callable[[], T]) -> T:
        def refused() -> T:
            with refusing():
                return call()

        return await asyncio.get_running_loop().run_in_executor(self._threads, refused)


class Ahead:
    """How many parts of all objects may be on their way, since each is held in memory; others wait in turn.

    When the store turns out to be silent, all who wait are told, instead of finding out one after the other.
    """

    def __init__(self, most: int) -> None:
        self._free = most
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Wait for a place, which must be given back; raises StoreUnreachable."""
        if self._free:
            self._free -= 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if not turn.cancelled() and turn.exception() is None:
                self.give_back()
            raise

    def give_back(self) -> None:
        """Give the place to who waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1

    def tell_unreachable(self) -> None:
        """Let all who wait fail."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(StoreUnreachable())


class ObjectWriter:
    """Takes the bytes of one object in pieces of any size; parts of 5 MiB go to the store while others fill.

    What was begun with the store goes on when a caller is cancelled; `abort` waits for it.
    """

    def __init__(self, store: PartStore, ahead: Ahead, key: str) -> None:
        self._store = store
        self._ahead = ahead
        self._key = key
        self._filling = bytearray()
        self._upload_id: str | None = None
        self._sent: list[asyncio.Task[Part]] = []
        self._in_hand: list[asyncio.Task[None]] = []
        self._complete = False

    async def write(self, data: bytes) -> None:
        """Add the bytes, once there is room for them; raises StoreUnavailable, also for those before."""
        rest = memoryview(data)
        while len(self._filling) + len(rest) > PART_SIZE:
            missing = PART_SIZE - len(self._filling)
            self._filling += rest[:missing]
            rest = rest[missing:]
            await self._send(await self._begun())
        self._filling += rest

    async def complete(self) -> None:
        """Make the object of what came. Raises StoreUnavailable."""
        if self._upload_id is not None:
            await self._send(self._upload_id)
        await self._to_its_end(self._end())

    async def abort(self) -> None:
        """Wait for what is in hand, and leave no parts. Raises StoreUnavailable, without another try if the
        store was silent already."""
        for outcome in await asyncio.gather(*self._in_hand, *self._sent, return_exceptions=True):
            if isinstance(outcome, StoreUnreachable):
                raise outcome
        if self._upload_id is not None and not self._complete:
            await self._store.abort(self._key, self._upload_id)

    async def _send(self, upload_id: str) -> None:
        self._check_sent()
        await self._ahead.take()
        # No waiting from here on: the place is the task's, which gives it back.
        put = self._put(upload_id, len(self._sent) + 1, self._filling)
        self._sent.append(asyncio.create_task(put))
        self._filling = bytearray()

    def _check_sent(self) -> None:
        for sent in self._sent:
            if sent.done():
                sent.result()

    async def _put(self, upload_id: str, number: int, part: bytearray) -> Part:
        try:
            return await self._store.put_part(self._key, upload_id, number, part)
        except StoreUnreachable:
            self._ahead.tell_unreachable()
            raise
        finally:
            self._ahead.give_back()

    async def _begun(self) -> str:
        if self._upload_id is None:
            await self._to_its_end(self._begin())
        assert self._upload_id is not None  # or `_begin` has raised
        return self._upload_id

    async def _begin(self) -> None:
        self._upload_id = await self._store.begin(self._key)

    async def _end(self) -> None:
        if self._upload_id is None:
            await self._store.put(self._key, self._filling)
        else:
            await self._store.complete(self._key, self._upload_id, await asyncio.gather(*self._sent))
        self._complete = True

    async def _to_its_end(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._in_hand.append(task)
        await asyncio.shield(task)
