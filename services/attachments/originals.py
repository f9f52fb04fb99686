"""The rows of photos as they came, beside their renditions."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.attachments.tables import original


@dataclass(frozen=True, slots=True)
class Original:
    """A photo as it came; without object and key where it is not kept."""

    practice_id: UUID
    attachment_id: UUID
    size: int
    sha256_sealed: bytes
    media_type: str
    object_key: str | None
    key_sealed: bytes | None


async def add(tx: AsyncConnection, photo: Original) -> None:
    """Keep what is known of a photo whose rendition the document's row describes."""
    await tx.execute(insert(original).values({name: getattr(photo, name) for name in Original.__slots__}))


async def find(tx: AsyncConnection, practice_id: UUID, attachment_id: UUID) -> Original | None:
    """The photo as it came; None where the document is not a rendition."""
    statement = select(original).where(
        original.c.practice_id == practice_id, original.c.attachment_id == attachment_id
    )
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else Original(**row._mapping)


async def destroy_keys(tx: AsyncConnection, practice_id: UUID, attachment_ids: Collection[UUID]) -> None:
    """From now on nobody can open the photos as they came."""
    theirs = update(original).where(
        original.c.practice_id == practice_id,
        original.c.attachment_id.in_(attachment_ids),
        original.c.key_sealed.is_not(None),
    )
    await tx.execute(theirs.values(key_sealed=b""))
