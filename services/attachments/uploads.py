"""Takes documents in: measured, sealed and written to the object store while they come."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from chassis import logs
from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.refusal import Refusal, Status
from services.attachments import originals, refusals, storage
from services.attachments.arrivals import Measure
from services.attachments.attempts import Attempt, completion
from services.attachments.domain import Content, Header, State, expires_at, keeps_original
from services.attachments.metrics import Metrics
from services.attachments.objects import ObjectStore, StoreUnavailable
from services.attachments.quotas import Room
from services.attachments.renditions import Rendition, Renditions
from services.attachments.requests import patiently
from services.attachments.scanning import Scanner
from services.attachments.seals import Place, Seals
from services.attachments.segments import SegmentSealer, new_key
from services.attachments.shares import Shares
from services.attachments.storage import Stored
from services.attachments.usage import Usage

_LOG = logs.get(__name__)
_PATIENCE = 30.0
_KEEP_ALIVE = timedelta(seconds=15)
# The store takes 16 documents at a time from everybody together.
_MOST_FOR_ONE = 3
# An upload that was not kept alive for so long is lost: no stall of caller and store lasts longer.
STALE_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What the uploader is told."""

    attachment_id: UUID
    content: Content
    expires_at: datetime


class Uploads:
    """The use case of UploadAttachment."""

    def __init__(
        self,
        *,
        database: Database,
        seals: Seals,
        store: ObjectStore,
        usage: Usage,
        renditions: Renditions,
        scanner: Scanner,
        metrics: Metrics,
        limit: int,
        clock: Callable[[], datetime],
        patience: float = _PATIENCE,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._seals = seals
        self._store = store
        self._usage = usage
        self._renditions = renditions
        self._scanner = scanner
        self._shares = Shares(_MOST_FOR_ONE)
        self._metrics = metrics
        self._limit = limit
        self._clock = clock
        self._patience = patience
        self._new_id = new_id
        self._cleaning: set[asyncio.Task[None]] = set()

    async def upload(self, caller: Caller, header: Header, chunks: AsyncIterator[bytes]) -> Uploaded:
        """Store the document, or answer as before if this request was carried out already."""
        if header.size is not None and header.size > self._limit:
            raise refusals.attachment_too_large(self._limit)
        with self._shares.one(caller.subject_id):
            try:
                return await self._take_in(await self._prepare(caller, header), chunks)
            except StoreUnavailable as error:
                raise refusals.store_unavailable() from error

    async def close(self) -> None:
        """Wait until what broken uploads left is cleaned up."""
        await asyncio.gather(*self._cleaning, return_exceptions=True)

    async def _take_in(self, attempt: Attempt, chunks: AsyncIterator[bytes]) -> Uploaded:
        begun = await self._begin(attempt)
        if isinstance(begun, Stored):
            return await self._compare(attempt, begun, chunks)
        return await self._receive(attempt, begun, chunks)

    async def _prepare(self, caller: Caller, header: Header) -> Attempt:
        place = Place(header.practice_id, header.patient_id, self._new_id())
        object_key, rendition_key = (f"{header.practice_id}/{self._new_id()}" for _ in range(2))
        seal = await self._seals.new(place)
        return Attempt(caller, header, place, object_key, rendition_key, new_key(), seal)

    async def _begin(self, attempt: Attempt) -> Stored | Room:
        """Make the row; if the request has one, return what came of it, or refuse while it is coming."""
        header, arrival, now = attempt.header, attempt.arrival(), self._clock()
        async with self._database.transaction([attempt.practice_id]) as tx:
            await storage.give_up_stale(tx, arrival, now - STALE_AFTER, now)
            if await storage.add_arrival(tx, arrival, now):
                room = await self._usage.room(tx, attempt.practice_id)
                room.check(header.size or 1)
                return room
            earlier = await storage.find_request(tx, arrival)
        if earlier is None:
            raise refusals.upload_in_progress()
        return earlier

    async def _compare(self, attempt: Attempt, earlier: Stored, chunks: AsyncIterator[bytes]) -> Uploaded:
        """The earlier answer if the same document comes again for the same patient."""
        header = attempt.header
        measure = Measure(header, self._limit)
        async for chunk in patiently(chunks, self._patience):
            measure.add(chunk)
        content = measure.content()
        seal = await self._seals.of(
            Place(earlier.practice_id, earlier.patient_id, earlier.id), earlier.key_id
        )
        async with self._database.transaction([earlier.practice_id]) as tx:
            original = await originals.find(tx, earlier.practice_id, earlier.id)
        if original is None:
            sha256, as_wished = seal.open_sha256(earlier.sha256_sealed), True
        else:
            sha256 = seal.open_original_sha256(original.sha256_sealed)
            as_wished = keeps_original(attempt.caller, header) is (original.object_key is not None)
        before = (
            earlier.patient_id,
            seal.open_file_name(earlier.file_name_sealed),
            earlier.declared_type,
            sha256,
        )
        if (
            before != (header.patient_id, header.file_name, header.media_type, content.sha256)
            or not as_wished
        ):
            raise _request_id_reused()
        return Uploaded(earlier.id, content, expires_at(earlier.created_at))

    async def _receive(self, attempt: Attempt, room: Room, chunks: AsyncIterator[bytes]) -> Uploaded:
        try:
            content = await self._write(attempt, room, chunks)
            rendition = await self._render(attempt, content) if content.is_photo else None
            uploaded = await self._finish(attempt, content, rendition)
        except BaseException as error:
            await self._clean_up(attempt, store_answers=not isinstance(error, StoreUnavailable))
            raise
        if rendition is not None and not keeps_original(attempt.caller, attempt.header):
            await self._remove_original(attempt)
        return uploaded

    async def _render(self, attempt: Attempt, content: Content) -> Rendition | None:
        photo, uploader_id = attempt.document(content), attempt.caller.subject_id
        await self._keep_alive(attempt)
        return await self._renditions.make(photo, uploader_id, attempt.rendition_key)

    async def _write(self, attempt: Attempt, room: Room, chunks: AsyncIterator[bytes]) -> Content:
        """Write the bytes, sealed; the last segment only once all is known to be what was declared, and
        clean."""
        measure = Measure(attempt.header, self._limit, room)
        sealer = SegmentSealer(attempt.key, attempt.place.content())
        alive_until = self._clock() + _KEEP_ALIVE
        async with self._store.writing(attempt.object_key) as writer:
            async with self._scanner.scan() as scan:
                await writer.write(sealer.header)
                async for chunk in patiently(chunks, self._patience):
                    measure.add(chunk)
                    await scan.add(chunk)
                    await writer.write(sealer.update(chunk))
                    self._metrics.up.inc(len(chunk))
                    if self._clock() >= alive_until:
                        await self._keep_alive(attempt)
                        alive_until = self._clock() + _KEEP_ALIVE
                content = measure.content()
                await scan.check()
            await writer.write(sealer.finish())
        return content

    async def _keep_alive(self, attempt: Attempt) -> None:
        place = attempt.place
        async with self._database.transaction([place.practice_id]) as tx:
            if not await storage.keep_alive(tx, place.practice_id, place.attachment_id, self._clock()):
                raise refusals.upload_in_progress()

    async def _finish(self, attempt: Attempt, content: Content, rendition: Rendition | None) -> Uploaded:
        practice_id, attachment_id = attempt.practice_id, attempt.attachment_id
        complete = completion(attempt, content, rendition)
        async with self._database.transaction([practice_id]) as tx:
            stored = await storage.finish(tx, practice_id, attachment_id, complete.sealed)
            if stored is None:
                raise refusals.upload_in_progress()
            if complete.original is not None:
                await originals.add(tx, complete.original)
            await self._usage.take(tx, practice_id, complete.size)
            await record_audit(
                tx,
                caller=attempt.caller,
                tenant_id=practice_id,
                action="upload_attachment",
                object_kind="attachment",
                object_id=attachment_id,
                now=self._clock(),
            )
        return Uploaded(stored.id, content, expires_at(stored.created_at))

    async def _remove_original(self, attempt: Attempt) -> None:
        """Nobody has its key any more; the sweep removes what cannot be removed now."""
        try:
            await self._store.remove(attempt.object_key)
        except StoreUnavailable as error:
            _LOG.warning("photo left to the sweep", error=error, attachment_id=attempt.attachment_id)

    async def _clean_up(self, attempt: Attempt, *, store_answers: bool) -> None:
        """Leave nothing of a broken upload, also when its caller is gone or goes meanwhile."""
        task = asyncio.create_task(self._remove(attempt, store_answers=store_answers))
        self._cleaning.add(task)
        task.add_done_callback(self._cleaning.discard)
        await asyncio.shield(task)

    async def _remove(self, attempt: Attempt, *, store_answers: bool) -> None:
        """What cannot be removed now the collector removes later."""
        place = attempt.place
        try:
            async with self._database.transaction([place.practice_id]) as tx:
                state = await storage.give_up(tx, place.practice_id, place.attachment_id, self._clock())
            if store_answers and state in {None, State.DELETING}:
                await self._store.remove(attempt.object_key)
                await self._store.remove(attempt.rendition_key)
                async with self._database.transaction([place.practice_id]) as tx:
                    await storage.end_deletion(tx, place.practice_id, place.attachment_id, self._clock())
        except (StoreUnavailable, Refusal) as error:
            _LOG.warning(
                "broken upload left to the collector", error=error, attachment_id=place.attachment_id
            )


def _request_id_reused() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "REQUEST_ID_REUSED",
        "the request id was used before for another request",
    )
