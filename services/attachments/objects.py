"""The object store: writes, reads and removes sealed documents in one bucket of any S3."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import TypeVar

import certifi
import urllib3

from services.attachments.parts import Ahead, ObjectWriter, PartStore
from services.attachments.settings import StoreSettings
from services.attachments.store_client import (
    ObjectMissing,
    RetryOnce,
    StoreClient,
    StoreUnavailable,
    refusing,
)

__all__ = ["Listed", "ObjectMissing", "ObjectReader", "ObjectStore", "StoreUnavailable"]

T = TypeVar("T")

_WRITTEN_AT_ONCE = 16
_PARTS_AHEAD = 2
_CALLS = 16
_CONNECT_SECONDS = 2.0
_PATIENCE = 8.0


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as the bucket lists it."""

    key: str
    modified_at: datetime


class ObjectStore:
    """Every call runs in a thread. At most 16 objects are written at a time, further ones wait; of those that
    come in parts, two parts may be on their way while others fill.

    All calls raise StoreUnavailable when the store is silent for longer than the patience (seconds), and work
    again as soon as it does.
    """

    def __init__(self, settings: StoreSettings, *, patience: float = _PATIENCE) -> None:
        self._bucket = settings.bucket
        self._client = StoreClient(
            settings.endpoint,
            settings.access_key,
            settings.secret_key,
            secure=settings.secure,
            region=settings.region,
            http_client=urllib3.PoolManager(
                maxsize=_WRITTEN_AT_ONCE + _CALLS,
                timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=patience),
                retries=RetryOnce(total=1, redirect=0, backoff_factor=0.1),
                ca_certs=certifi.where(),
            ),
        )
        self._parts = PartStore(self._client, self._bucket, _WRITTEN_AT_ONCE)
        self._calls = ThreadPoolExecutor(_CALLS, "store-call")
        self._places = asyncio.Semaphore(_WRITTEN_AT_ONCE)
        self._ahead = Ahead(_PARTS_AHEAD)

    @contextlib.asynccontextmanager
    async def writing(self, key: str) -> AsyncIterator[ObjectWriter]:
        """Write an object in the block: afterwards it is there as a whole, or not at all if that failed."""
        async with self._places:
            writer = ObjectWriter(self._parts, self._ahead, key)
            try:
                yield writer
                await writer.complete()
            except BaseException:
                await self._abort(writer)
                raise

    async def open(self, key: str, start: int, length: int) -> "ObjectReader":
        """Read that range of an object; raises ObjectMissing. The reader must be closed."""

        def get() -> urllib3.BaseHTTPResponse:
            with refusing():
                return self._client.get_object(self._bucket, key, start, length)

        return ObjectReader(await self._call(get), self._calls)

    async def remove(self, key: str) -> None:
        """Remove an object; one that is not there is removed already."""

        def remove() -> None:
            with refusing(), contextlib.suppress(ObjectMissing):
                self._client.remove_object(self._bucket, key)

        await self._call(remove)

    async def list_after(self, key: str, at_most: int) -> tuple[Listed, ...]:
        """The objects that come after that key in the order of keys; an empty key is before all."""

        def list_some() -> tuple[Listed, ...]:
            with refusing():
                found = self._client.list_objects(self._bucket, start_after=key or None, recursive=True)
                return tuple(
                    Listed(each.object_name, each.last_modified)
                    for each in islice(found, at_most)
                    if each.object_name is not None and each.last_modified is not None
                )

        return await self._call(list_some)

    async def abort_uploads(self, before: datetime) -> None:
        """End the uploads that were begun before that time and never completed."""

        def abort() -> None:
            with refusing():
                self._client.abort_uploads(self._bucket, before)

        await self._call(abort)

    def close(self) -> None:
        """End the threads; what is in hand ends first."""
        self._parts.close()
        self._calls.shutdown()

    async def _abort(self, writer: ObjectWriter) -> None:
        """To its end, however often the caller is cancelled meanwhile: else what is in hand would come after
        all. What cannot be aborted now the sweep aborts later."""

        async def abort() -> None:
            with contextlib.suppress(StoreUnavailable):
                await writer.abort()

        task, cancelled = asyncio.create_task(abort()), None
        while not task.done():
            try:
                await asyncio.wait({task})
            except asyncio.CancelledError as error:
                cancelled = error
        if cancelled is not None:
            raise cancelled

    async def _call(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._calls, call)


class ObjectReader:
    """A range of an object, read block by block, one after the other."""

    def __init__(self, response: urllib3.BaseHTTPResponse, threads: ThreadPoolExecutor) -> None:
        self._response = response
        self._threads = threads

    async def read(self, size: int, use: Callable[[bytes], T]) -> T:
        """What `use` makes, in the thread that read them, of the next bytes: as many as asked for, and fewer
        only where the object ends."""

        def read() -> T:
            with refusing():
                block = self._response.read(size, decode_content=False)
            return use(block)

        return await asyncio.get_running_loop().run_in_executor(self._threads, read)

    def close(self) -> None:
        """Give the connection back if all was read, else end it; in a thread, as one may still be reading."""

        def close() -> None:
            self._response.close()
            self._response.release_conn()

        self._threads.submit(close)
