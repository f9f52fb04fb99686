"""Gives documents out: by grant, from any offset on, opened segment by segment."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, closing
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from services.attachments import refusals, storage
from services.attachments.domain import served_type
from services.attachments.grants import Grants
from services.attachments.metrics import Metrics
from services.attachments.objects import ObjectMissing, ObjectStore, StoreUnavailable
from services.attachments.seals import Place, Seals
from services.attachments.segments import (
    HEADER_SIZE,
    DocumentDamaged,
    SegmentOpener,
    sealed_range,
    sealed_segment_size,
    segment_count,
)
from services.attachments.storage import Stored

# So many segments are read from the store at a time.
_BLOCK = 16


@dataclass(frozen=True, slots=True)
class Wish:
    """Which document a caller wants, and from which byte on."""

    practice_id: UUID
    attachment_id: UUID
    grant: str
    offset: int


@dataclass(frozen=True, slots=True)
class Download:
    """A document on its way out; `chunks` reads it, at most 64 KiB a chunk, and must be closed."""

    file_name: str
    media_type: str
    size: int
    sha256: bytes
    chunks: AsyncGenerator[bytes, None]


class Downloads:
    """The use case of DownloadAttachment."""

    def __init__(
        self,
        *,
        database: Database,
        seals: Seals,
        store: ObjectStore,
        grants: Grants,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._seals = seals
        self._store = store
        self._grants = grants
        self._metrics = metrics
        self._clock = clock

    async def open(self, caller: Caller, wish: Wish) -> Download:
        """Check the grant, note the reading, then open the document; no byte leaves before it is noted."""
        await self._grants.check(
            wish.grant,
            caller_id=caller.subject_id,
            practice_id=wish.practice_id,
            attachment_id=wish.attachment_id,
        )
        stored = await self._note_reading(caller, wish)
        place = Place(stored.practice_id, stored.patient_id, stored.id)
        seal = await self._seals.of(place)
        return Download(
            file_name=seal.open_file_name(stored.file_name_sealed),
            media_type=served_type(stored.declared_type, stored.sniffed_type),
            size=stored.size,
            sha256=seal.open_sha256(stored.sha256_sealed),
            chunks=self._chunks(stored, place.content(), seal.open_key(stored.key_sealed), wish.offset),
        )

    async def _note_reading(self, caller: Caller, wish: Wish) -> Stored:
        async with self._database.transaction([wish.practice_id]) as tx:
            stored = await storage.find_held(tx, wish.practice_id, wish.attachment_id)
            if stored is None:
                raise refusals.attachment_not_found(wish.attachment_id)
            if wish.offset > stored.size:
                raise refusals.offset_out_of_range()
            await record_audit(
                tx,
                caller=caller,
                tenant_id=stored.practice_id,
                action="download_attachment",
                object_kind="attachment",
                object_id=stored.id,
                now=self._clock(),
            )
        return stored

    async def _chunks(
        self, stored: Stored, belongs_to: bytes, key: bytes, offset: int
    ) -> AsyncGenerator[bytes, None]:
        if offset == stored.size:
            return
        try:
            async with aclosing(self._opened(stored, belongs_to, key, offset)) as chunks:
                async for chunk in chunks:
                    self._metrics.down.inc(len(chunk))
                    yield chunk
        except StoreUnavailable as error:
            raise refusals.store_unavailable() from error
        except ObjectMissing as error:
            raise DocumentDamaged from error

    async def _opened(
        self, stored: Stored, belongs_to: bytes, key: bytes, offset: int
    ) -> AsyncGenerator[bytes, None]:
        """The segments from the offset on, each sent only once it has proved to be the right one."""
        wanted = sealed_range(stored.size, offset)
        opener = SegmentOpener(key, await self._header(stored), belongs_to, stored.size)
        skip = wanted.skip
        with closing(await self._store.open(stored.object_key, wanted.start, wanted.length)) as reader:
            for first in range(wanted.first, segment_count(stored.size), _BLOCK):
                sizes = _sealed_sizes(stored.size, first)
                block = await reader.read(sum(sizes))
                position = 0
                for index, size in enumerate(sizes, start=first):
                    yield opener.open(index, block[position : position + size])[skip:]
                    position, skip = position + size, 0

    async def _header(self, stored: Stored) -> bytes:
        with closing(await self._store.open(stored.object_key, 0, HEADER_SIZE)) as reader:
            return await reader.read(HEADER_SIZE)


def _sealed_sizes(size: int, first: int) -> list[int]:
    """The sealed sizes of the segments of one block."""
    last = min(first + _BLOCK, segment_count(size))
    return [sealed_segment_size(size, index) for index in range(first, last)]
