"""What a thief of old copies would have: rows as they were, and every key that is still there."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text

from chassis.data_keys import DataKeys
from chassis.doomed_keys import GRACE, DoomedDataKeys
from chassis.keys import FileWrappingKeys, KeyDatabase, Keys
from chassis.sealing import CiphertextMoved, Sealer
from services.messaging.messages.sealing import ContentSealer
from tests.integration.messaging.post import Post, Stores

_DUE: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Thief:
    """Has copies of rows from before, and all keys as they are now."""

    post: Post
    database: KeyDatabase
    wrapping: FileWrappingKeys

    async def copy(self, table: str, row_id: str) -> Row[Any]:
        """A row of the table, as a backup holds it."""
        rows = await self.post.rows(f"SELECT * FROM {table} WHERE id = :id", id=UUID(row_id))
        row: Row[Any] = rows[0]
        return row

    async def reads(self, copied: Row[Any]) -> str | None:
        """The text of a copied message or draft; None where no key there is opens it."""
        for sealer in await self._sealers(copied.patient_id):
            place = (copied.practice_id, copied.patient_id, copied.id)
            for content in (ContentSealer(sealer, *place), ContentSealer.of_draft(sealer, *place)):
                try:
                    return content.open_body(copied.body)
                except CiphertextMoved:
                    continue
        return None

    async def _sealers(self, patient_id: UUID) -> Sequence[Sealer]:
        """The patient's, and the patient's with each data key."""
        patients = await Keys(self.database, self.wrapping).sealer(patient_id)
        async with self.database.transaction() as tx:
            ids = (await tx.execute(text("SELECT id FROM data_key"))).scalars().all()
        keys = await DataKeys(self.database, self.wrapping).find(ids)
        return [patients, *(patients.joined_with(key) for key in keys.values())]


@asynccontextmanager
async def thief_of(post: Post, stores: Stores) -> AsyncIterator[Thief]:
    """Comes after all."""
    database = KeyDatabase(stores.keys_database_url)
    yield Thief(post, database, FileWrappingKeys(stores.wrapping_keys))
    await database.close()


async def destroy_due(post: Post, keys_url: str) -> None:
    """What the worker does from time to time, once the time of grace is over."""
    database = KeyDatabase(keys_url)
    try:
        later = DoomedDataKeys(post.database, database, lambda: post.clock() + GRACE + _DUE)
        while await later.destroy_due():
            pass
    finally:
        await database.close()


async def is_doomed(post: Post, key_id: UUID) -> bool:
    """Whether the key is still to be destroyed."""
    return bool(await post.rows("SELECT 1 FROM doomed_data_key WHERE key_id = :key", key=key_id))
