"""Destroys the keys of deleted accounts, which lie in another database than the accounts did."""

from typing import Final

from sqlalchemy import delete, select

from chassis.database import Database
from chassis.keys import Keys
from services.identity.tables.account_changes import doomed_key

DOOMED_CHANNEL: Final = "identity_doomed_key"

_D: Final = doomed_key.c


class DoomedKeys:
    """The worker's loop; a crash in between only repeats it."""

    def __init__(self, database: Database, keys: Keys) -> None:
        self._database = database
        self._keys = keys

    async def destroy_next(self) -> bool:
        """Destroy one; False where none is doomed."""
        async with self._database.transaction() as tx:
            query = select(_D.subject_id).order_by(_D.since).limit(1).with_for_update(skip_locked=True)
            subject_id = (await tx.execute(query)).scalar_one_or_none()
            if subject_id is None:
                return False
            await self._keys.destroy(subject_id)
            await tx.execute(delete(doomed_key).where(_D.subject_id == subject_id))
        return True
