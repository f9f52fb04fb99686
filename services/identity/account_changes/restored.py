"""After a restore: accounts that the data still hold, but the newer key database does not, are deleted again.

They would be back, bound to their practices, with nothing in them that could be opened.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text

from chassis import logs
from chassis.database import Database
from chassis.keys import KeyDatabase
from chassis.settings import Secret
from services.identity.account_changes.deletion import end_account
from services.identity.callers import SYSTEM
from services.identity.refusals import patient_changed
from services.identity.tables.people import account

_LOG = logs.get(__name__)
_AT_ONCE: Final = 1000
_KNOWN: Final = text("SELECT subject_id FROM subject_key WHERE subject_id = ANY (CAST(:ids AS uuid[]))")


@dataclass(frozen=True)
class RestoredSettings:
    """The owners' addresses, as a migration has them."""

    migrate_database_url: Secret
    migrate_keys_database_url: Secret
    log_level: str = "info"


async def run(settings: RestoredSettings) -> None:
    """Delete what has no key any more; before the services start, and again where it was interrupted."""
    database = Database(settings.migrate_database_url, pool_size=2)
    keys = KeyDatabase(settings.migrate_keys_database_url)
    try:
        gone = await _keyless(database, keys)
        for account_id in gone:
            async with database.transaction() as tx:
                if not await end_account(tx, account_id, SYSTEM, datetime.now(UTC)):
                    raise patient_changed()
        _LOG.info("accounts without keys deleted", count=len(gone))
    finally:
        await keys.close()
        await database.close()


async def _keyless(database: Database, keys: KeyDatabase) -> Collection[UUID]:
    keyless: set[UUID] = set()
    async with (
        database.transaction() as tx,
        keys.transaction() as keys_tx,
        tx.stream_scalars(select(account.c.id)) as ids,
    ):
        async for batch in ids.partitions(_AT_ONCE):
            known = (await keys_tx.execute(_KNOWN, {"ids": list(batch)})).scalars()
            keyless |= set(batch) - set(known)
    return keyless
