"""Makes a photo's rendition and stores it, sealed under a key of its own, beside the photo as it came."""

import hashlib
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from chassis import logs
from services.attachments import refusals
from services.attachments.decoder_process import NotDecoded
from services.attachments.objects import ObjectStore
from services.attachments.reading import Document, as_bytes, read_document
from services.attachments.rendering_process import Rendering, rendering
from services.attachments.segments import SegmentSealer, new_key
from services.attachments.turns import Turns

_LOG = logs.get(__name__)


@dataclass(frozen=True, slots=True)
class Rendition:
    """A rendition in the store."""

    object_key: str
    key: bytes
    size: int
    sha256: bytes
    media_type: str


class Renditions:
    """Makes renditions, one after the other for each uploader."""

    def __init__(self, store: ObjectStore, turns: Turns, limit: int) -> None:
        self._store = store
        self._turns = turns
        self._limit = limit

    async def make(self, photo: Document, uploader_id: UUID, object_key: str) -> Rendition:
        """The photo's rendition, stored under that key; refuses what has none, raises StoreUnavailable."""
        async with self._turns.one(uploader_id):
            try:
                async with (
                    aclosing(read_document(self._store, photo, 0, as_bytes)) as chunks,
                    rendering(chunks) as made,
                ):
                    return await self._keep(made, photo.belongs_to, object_key)
            except NotDecoded as error:
                _LOG.info("photo cannot be rendered", kind="attachment")
                raise refusals.photo_unreadable() from error

    async def _keep(self, made: Rendering, belongs_to: bytes, object_key: str) -> Rendition:
        if not 0 < made.size <= self._limit:
            raise NotDecoded
        key, digest = new_key(), hashlib.sha256()
        sealer = SegmentSealer(key, belongs_to)
        async with self._store.writing(object_key) as writer:
            await writer.write(sealer.header)
            async for chunk in made.chunks:
                digest.update(chunk)
                await writer.write(sealer.update(chunk))
            await writer.write(sealer.finish())
        return Rendition(object_key, key, made.size, digest.digest(), made.media_type)
