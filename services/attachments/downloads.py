"""Gives documents out: by grant, from any offset on, opened segment by segment."""

from collections.abc import AsyncGenerator, Callable, Collection, Sized
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from services.attachments import originals, refusals, storage
from services.attachments.domain import Side, served_type, side_of
from services.attachments.grants import Grants
from services.attachments.metrics import Metrics
from services.attachments.objects import ObjectMissing, ObjectStore, StoreUnavailable
from services.attachments.opening import note_opening
from services.attachments.originals import Original
from services.attachments.photos import rendition_name
from services.attachments.reading import Document, read_document
from services.attachments.seals import DocumentSeal, Place, Seals
from services.attachments.segments import SEGMENT_SIZE, DocumentDamaged
from services.attachments.storage import Stored

T = TypeVar("T", bound=Sized)


@dataclass(frozen=True, slots=True)
class Wish:
    """Which document a caller wants, from which byte on, and in chunks of how many bytes at most;
    `original`: a photo as it came."""

    practice_id: UUID
    attachment_id: UUID
    grant: str
    offset: int
    original: bool = False
    largest_chunk: int = SEGMENT_SIZE


@dataclass(frozen=True, slots=True)
class _Found:
    """A document, and the photo as it came where this is its rendition."""

    stored: Stored
    original: Original | None
    original_kept: bool


@dataclass(frozen=True, slots=True)
class Download:
    """A document that may go out, and what was wished of it."""

    file_name: str
    media_type: str
    size: int
    sha256: bytes
    original_kept: bool
    document: Document
    wish: Wish


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

    async def chunks(
        self, download: Download, make: Callable[[Collection[bytes]], T]
    ) -> AsyncGenerator[T, None]:
        """Read the document, in chunks as large as wished; `make` makes each of its segments, in another
        thread. Must be closed."""
        document, wish = download.document, download.wish
        if wish.offset == document.size:
            return
        reading = read_document(self._store, document, wish.offset, make, wish.largest_chunk)
        try:
            async with aclosing(reading) as chunks:
                async for chunk in chunks:
                    self._metrics.down.inc(len(chunk))
                    yield chunk
        except StoreUnavailable as error:
            raise refusals.store_unavailable() from error
        except ObjectMissing as error:
            raise DocumentDamaged from error

    async def open(self, caller: Caller, wish: Wish) -> Download:
        """Check the grant and note the reading; no byte leaves before it is noted."""
        await self._grants.check(
            wish.grant,
            caller_id=caller.subject_id,
            practice_id=wish.practice_id,
            attachment_id=wish.attachment_id,
        )
        found = await self._note_reading(caller, wish)
        stored = found.stored
        place = Place(stored.practice_id, stored.patient_id, stored.id)
        seal = await self._seals.of(place, stored.key_id)
        if wish.original and found.original is not None:
            return self._original(found.original, stored, place, seal, wish)
        media_type = served_type(stored.declared_type, stored.sniffed_type)
        name = seal.open_file_name(stored.file_name_sealed)
        return Download(
            file_name=name if found.original is None else rendition_name(name, media_type),
            media_type=media_type,
            size=stored.size,
            sha256=seal.open_sha256(stored.sha256_sealed),
            original_kept=found.original_kept,
            document=Document(
                stored.object_key, seal.open_key(stored.key_sealed), place.content(), stored.size
            ),
            wish=wish,
        )

    def _original(
        self, original: Original, stored: Stored, place: Place, seal: DocumentSeal, wish: Wish
    ) -> Download:
        if original.object_key is None or original.key_sealed is None:
            raise refusals.original_not_kept()
        key = seal.open_original_key(original.key_sealed)
        return Download(
            file_name=seal.open_file_name(stored.file_name_sealed),
            media_type=served_type(stored.declared_type, original.media_type),
            size=original.size,
            sha256=seal.open_original_sha256(original.sha256_sealed),
            original_kept=False,
            document=Document(original.object_key, key, place.content(), original.size),
            wish=wish,
        )

    async def _note_reading(self, caller: Caller, wish: Wish) -> _Found:
        async with self._database.transaction([wish.practice_id]) as tx:
            stored = await storage.find_held(tx, wish.practice_id, wish.attachment_id)
            if stored is None:
                raise refusals.attachment_not_found(wish.attachment_id)
            if stored.withdrawn_at is not None and caller.tenant_id is None:
                raise refusals.grant_refused()
            original = await originals.find(tx, stored.practice_id, stored.id)
            found = _Found(stored, original, _may_have(caller, original))
            _check(wish, found)
            await record_audit(
                tx,
                caller=caller,
                tenant_id=stored.practice_id,
                action="download_original" if wish.original and original else "download_attachment",
                object_kind="attachment",
                object_id=stored.id,
                now=self._clock(),
            )
            await note_opening(tx, caller, stored, self._clock())
        return found


def _may_have(caller: Caller, original: Original | None) -> bool:
    """Whether the caller may have the photo as it came: the practice's side, where it is kept."""
    return original is not None and original.object_key is not None and side_of(caller) is Side.PRACTICE


def _check(wish: Wish, found: _Found) -> None:
    size = found.stored.size
    if wish.original and found.original is not None:
        if not found.original_kept:
            raise refusals.original_not_kept()
        size = found.original.size
    if wish.offset > size:
        raise refusals.offset_out_of_range()
