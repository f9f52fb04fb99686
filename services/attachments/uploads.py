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
from services.attachments import refusals, storage
from services.attachments.arrivals import Measure
from services.attachments.domain import Content, Header, State, expires_at
from services.attachments.metrics import Metrics
from services.attachments.objects import ObjectStore, StoreUnavailable
from services.attachments.pipe import Pipe, PipeBroken
from services.attachments.seals import DocumentSeal, Place, Seals
from services.attachments.segments import SegmentSealer, new_key, sealed_size
from services.attachments.storage import Arrival, Sealed, Stored

_LOG = logs.get(__name__)
_PIPE_SIZE = 512 * 1024
_PATIENCE = 30.0
_KEEP_ALIVE = timedelta(seconds=15)
# An upload that was not kept alive for so long is lost: no stall of caller and store lasts longer.
STALE_AFTER = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What the uploader is told."""

    attachment_id: UUID
    content: Content
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Upload:
    """One attempt to take a document in."""

    caller: Caller
    header: Header
    place: Place
    object_key: str
    key: bytes
    seal: DocumentSeal


class Uploads:
    """The use case of UploadAttachment."""

    def __init__(
        self,
        *,
        database: Database,
        seals: Seals,
        store: ObjectStore,
        metrics: Metrics,
        limit: int,
        clock: Callable[[], datetime],
        patience: float = _PATIENCE,
        new_id: Callable[[], UUID] = uuid4,
    ) -> None:
        self._database = database
        self._seals = seals
        self._store = store
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
        upload = await self._prepare(caller, header)
        earlier = await self._begin(upload)
        if earlier is not None:
            return await self._compare(header, earlier, chunks)
        try:
            return await self._receive(upload, chunks)
        except StoreUnavailable as error:
            raise refusals.store_unavailable() from error

    async def close(self) -> None:
        """Wait until what broken uploads left is cleaned up."""
        await asyncio.gather(*self._cleaning, return_exceptions=True)

    async def _prepare(self, caller: Caller, header: Header) -> _Upload:
        place = Place(header.practice_id, header.patient_id, self._new_id())
        object_key = f"{header.practice_id}/{self._new_id()}"
        return _Upload(caller, header, place, object_key, new_key(), await self._seals.of(place))

    async def _begin(self, upload: _Upload) -> Stored | None:
        """Make the row; if the request has one, return what came of it, or refuse while it is coming."""
        header, now = upload.header, self._clock()
        arrival = Arrival(
            practice_id=header.practice_id,
            id=upload.place.attachment_id,
            patient_id=header.patient_id,
            uploader_id=upload.caller.subject_id,
            request_id=header.request_id,
            object_key=upload.object_key,
            key_sealed=upload.seal.seal_key(upload.key),
            file_name_sealed=upload.seal.seal_file_name(header.file_name),
            declared_type=header.media_type,
        )
        async with self._database.transaction([header.practice_id]) as tx:
            await storage.give_up_stale(tx, arrival, now - STALE_AFTER, now)
            if await storage.add_arrival(tx, arrival, now):
                return None
            earlier = await storage.find_request(tx, arrival)
        if earlier is None:
            raise refusals.upload_in_progress()
        return earlier

    async def _compare(self, header: Header, earlier: Stored, chunks: AsyncIterator[bytes]) -> Uploaded:
        """The earlier answer if the same document comes again for the same patient."""
        measure = Measure(header, self._limit)
        async for chunk in _patiently(chunks, self._patience):
            measure.add(chunk)
        content = measure.content()
        seal = await self._seals.of(Place(earlier.practice_id, earlier.patient_id, earlier.id))
        before = (
            earlier.patient_id,
            seal.open_file_name(earlier.file_name_sealed),
            earlier.declared_type,
            seal.open_sha256(earlier.sha256_sealed),
        )
        if before != (header.patient_id, header.file_name, header.media_type, content.sha256):
            raise _request_id_reused()
        return Uploaded(earlier.id, content, expires_at(earlier.created_at))

    async def _receive(self, upload: _Upload, chunks: AsyncIterator[bytes]) -> Uploaded:
        pipe = Pipe(_PIPE_SIZE)
        writing = asyncio.create_task(self._write(upload, pipe))
        try:
            content = await self._feed(upload, pipe, chunks)
            await asyncio.shield(writing)
            return await self._finish(upload, content)
        except BaseException as error:
            await self._clean_up(upload, pipe, writing)
            if isinstance(error, PipeBroken):
                await writing  # it says what broke it
            raise

    async def _write(self, upload: _Upload, pipe: Pipe) -> None:
        size = upload.header.size
        try:
            await self._store.write(
                upload.object_key, pipe.reader, None if size is None else sealed_size(size)
            )
        finally:
            pipe.leave()

    async def _feed(self, upload: _Upload, pipe: Pipe, chunks: AsyncIterator[bytes]) -> Content:
        """Pass the bytes on, sealed; the last segment only once all is known to be what was declared."""
        measure = Measure(upload.header, self._limit)
        sealer = SegmentSealer(upload.key, upload.place.content())
        await pipe.write(sealer.header)
        alive_until = self._clock() + _KEEP_ALIVE
        async for chunk in _patiently(chunks, self._patience):
            measure.add(chunk)
            await pipe.write(sealer.update(chunk))
            self._metrics.up.inc(len(chunk))
            if self._clock() >= alive_until:
                await self._keep_alive(upload)
                alive_until = self._clock() + _KEEP_ALIVE
        content = measure.content()
        await pipe.write(sealer.finish())
        pipe.close()
        return content

    async def _keep_alive(self, upload: _Upload) -> None:
        place = upload.place
        async with self._database.transaction([place.practice_id]) as tx:
            if not await storage.keep_alive(tx, place.practice_id, place.attachment_id, self._clock()):
                raise refusals.upload_in_progress()

    async def _finish(self, upload: _Upload, content: Content) -> Uploaded:
        place = upload.place
        sealed = Sealed(content.size, upload.seal.seal_sha256(content.sha256), content.sniffed_type)
        async with self._database.transaction([place.practice_id]) as tx:
            stored = await storage.finish(tx, place.practice_id, place.attachment_id, sealed)
            if stored is None:
                raise refusals.upload_in_progress()
            await record_audit(
                tx,
                caller=upload.caller,
                tenant_id=place.practice_id,
                action="upload_attachment",
                object_kind="attachment",
                object_id=place.attachment_id,
                now=self._clock(),
            )
        return Uploaded(stored.id, content, expires_at(stored.created_at))

    async def _clean_up(self, upload: _Upload, pipe: Pipe, writing: asyncio.Task[None]) -> None:
        """Leave nothing of a broken upload, also when its caller is gone or goes meanwhile."""
        pipe.abort()
        task = asyncio.create_task(self._remove(upload, writing))
        self._cleaning.add(task)
        task.add_done_callback(self._cleaning.discard)
        await asyncio.shield(task)

    async def _remove(self, upload: _Upload, writing: asyncio.Task[None]) -> None:
        """What cannot be removed now the collector removes later."""
        (outcome,) = await asyncio.gather(writing, return_exceptions=True)
        place = upload.place
        try:
            async with self._database.transaction([place.practice_id]) as tx:
                state = await storage.give_up(tx, place.practice_id, place.attachment_id, self._clock())
            store_answers = not isinstance(outcome, StoreUnavailable)
            if store_answers and state in {None, State.DELETING}:
                await self._store.remove(upload.object_key)
                async with self._database.transaction([place.practice_id]) as tx:
                    await storage.end_deletion(tx, place.practice_id, place.attachment_id)
        except (StoreUnavailable, Refusal) as error:
            _LOG.warning(
                "broken upload left to the collector", error=error, attachment_id=place.attachment_id
            )


async def _patiently(chunks: AsyncIterator[bytes], seconds: float) -> AsyncIterator[bytes]:
    """The chunks; refuses when the next one is too long in coming."""
    while True:
        try:
            async with asyncio.timeout(seconds):
                chunk = await anext(chunks)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            raise Refusal(Status.DEADLINE_EXCEEDED, "DEADLINE_PASSED", "no chunk came in time") from error
        yield chunk


def _request_id_reused() -> Refusal:
    return Refusal(
        Status.FAILED_PRECONDITION,
        "REQUEST_ID_REUSED",
        "the request id was used before for another request",
    )
