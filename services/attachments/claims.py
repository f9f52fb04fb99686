"""Ties documents to the message that messaging is about to store."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.database import Database
from services.attachments import originals, storage
from services.attachments.domain import Claim, check_claim, served_type
from services.attachments.photos import rendition_name
from services.attachments.seals import Place, Seals
from services.attachments.storage import Stored


@dataclass(frozen=True, slots=True)
class Claimed:
    """What messaging keeps of a document."""

    id: UUID
    file_name: str
    media_type: str
    size: int
    sha256: bytes


class Claims:
    """The use case of ClaimAttachments."""

    def __init__(self, *, database: Database, seals: Seals, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._seals = seals
        self._clock = clock

    async def claim(self, claim: Claim) -> list[Claimed]:
        """Claim all documents or none; the same claim again keeps them from the collector for another day."""
        async with self._database.transaction([claim.practice_id]) as tx:
            found = await storage.lock(tx, claim.practice_id, claim.attachment_ids)
            check_claim(claim, found)
            stored = await storage.claim(
                tx, claim.practice_id, claim.attachment_ids, claim.message_id, self._clock()
            )
            photos = {each: await originals.find(tx, claim.practice_id, each) for each in stored}
        return [
            await self._opened(stored[attachment_id], is_rendition=photos[attachment_id] is not None)
            for attachment_id in claim.attachment_ids
        ]

    async def _opened(self, stored: Stored, *, is_rendition: bool) -> Claimed:
        seal = await self._seals.of(Place(stored.practice_id, stored.patient_id, stored.id), stored.key_id)
        name = seal.open_file_name(stored.file_name_sealed)
        media_type = served_type(stored.declared_type, stored.sniffed_type)
        return Claimed(
            id=stored.id,
            file_name=rendition_name(name, media_type) if is_rendition else name,
            media_type=media_type,
            size=stored.size,
            sha256=seal.open_sha256(stored.sha256_sealed),
        )
