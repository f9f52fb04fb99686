"""Makes a photo's rendition and stores it, sealed under a key of its own, beside the photo as it came."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakValueDictionary

from chassis import logs
from chassis.refusal import Refusal, Status
from services.attachments import refusals
from services.attachments.objects import ObjectStore
from services.attachments.pipe import Pipe, PipeBroken
from services.attachments.reading import Document, read_document
from services.attachments.rendering_process import NotRendered, Rendering, rendering
from services.attachments.segments import SegmentSealer, new_key, sealed_size

_LOG = logs.get(__name__)
_PIPE_SIZE = 512 * 1024
# Each takes a processor, and up to a gigabyte of memory.
_AT_ONCE = 2
_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Rendition:
    """A rendition in the store."""

    object_key: str
    key: bytes
    size: int
    sha256: bytes
    media_type: str


class Renditions:
    """Makes at most two renditions at a time, and one for each uploader; further ones wait."""

    def __init__(self, store: ObjectStore, limit: int) -> None:
        self._store = store
        self._limit = limit
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._turns: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()

    async def make(self, photo: Document, uploader_id: UUID, object_key: str) -> Rendition:
        """The photo's rendition, stored under that key; refuses what has none, raises StoreUnavailable."""
        async with self._turn(uploader_id):
            try:
                async with (
                    aclosing(read_document(self._store, photo, 0)) as chunks,
                    rendering(chunks) as made,
                ):
                    return await self._keep(made, photo.belongs_to, object_key)
            except NotRendered as error:
                _LOG.info("photo cannot be rendered", kind="attachment")
                raise refusals.photo_unreadable() from error

    @asynccontextmanager
    async def _turn(self, uploader_id: UUID) -> AsyncIterator[None]:
        lock = self._turns.setdefault(uploader_id, asyncio.Lock())
        try:
            async with asyncio.timeout(_PATIENCE):
                await lock.acquire()
                try:
                    await self._places.acquire()
                except BaseException:
                    lock.release()
                    raise
        except TimeoutError as error:
            raise Refusal(Status.RESOURCE_EXHAUSTED, "OVERLOADED", "too many photos at once") from error
        try:
            yield
        finally:
            self._places.release()
            lock.release()

    async def _keep(self, made: Rendering, belongs_to: bytes, object_key: str) -> Rendition:
        if not 0 < made.size <= self._limit:
            raise NotRendered
        key, digest = new_key(), hashlib.sha256()
        sealer, pipe = SegmentSealer(key, belongs_to), Pipe(_PIPE_SIZE)
        writing = asyncio.create_task(self._write(object_key, pipe, sealed_size(made.size)))
        try:
            await pipe.write(sealer.header)
            async for chunk in made.chunks:
                digest.update(chunk)
                await pipe.write(sealer.update(chunk))
            await pipe.write(sealer.finish())
            pipe.close()
            await asyncio.shield(writing)
        except BaseException as error:
            pipe.abort()
            await asyncio.wait([writing])
            if isinstance(error, PipeBroken):
                await writing  # it says what broke it
            raise
        return Rendition(object_key, key, made.size, digest.digest(), made.media_type)

    async def _write(self, object_key: str, pipe: Pipe, size: int) -> None:
        try:
            await self._store.write(object_key, pipe.reader, size)
        finally:
            pipe.leave()
