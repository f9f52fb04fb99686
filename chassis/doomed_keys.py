"""Data keys that are to be destroyed: noted in the transaction that gives the data up, destroyed after it.

The keys lie in another database than the data. A note and a loop that repeats what was not finished stand
where one transaction over both would.
"""

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import Column, DateTime, Index, MetaData, Table, Uuid, delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.data_keys import destroy_data_keys
from chassis.database import Database
from chassis.keys import KeyDatabase

# Who has read a row before it was given up still finds the key for it.
GRACE: Final = timedelta(seconds=20)
_AT_ONCE: Final = 500


def define_doomed_data_key(metadata: MetaData) -> Table:
    """Define the table; no row-level security: a key's id says nothing, and one loop serves every tenant."""
    return Table(
        "doomed_data_key",
        metadata,
        Column("key_id", Uuid, primary_key=True),
        Column("since", DateTime(timezone=True), nullable=False),
        Index("doomed_data_key_since", "since"),
    )


_DOOMED: Final = define_doomed_data_key(MetaData())


async def doom(tx: AsyncConnection, key_ids: Collection[UUID], now: datetime) -> None:
    """Note that these keys are to be destroyed once the transaction is committed."""
    if key_ids:
        rows = [{"key_id": each, "since": now} for each in key_ids]
        await tx.execute(insert(_DOOMED).values(rows).on_conflict_do_nothing())


class DoomedDataKeys:
    """The worker's loop; a crash in between only repeats it."""

    def __init__(self, database: Database, keys: KeyDatabase, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._keys = keys
        self._clock = clock

    async def destroy_due(self) -> bool:
        """Destroy some whose time of grace is over; whether there may be more."""
        due = select(_DOOMED.c.key_id).where(_DOOMED.c.since <= self._clock() - GRACE)
        batch = due.order_by(_DOOMED.c.since).limit(_AT_ONCE).with_for_update(skip_locked=True)
        async with self._database.transaction() as tx:
            ids = list((await tx.execute(batch)).scalars())
            if ids:
                await destroy_data_keys(self._keys, ids)
                await tx.execute(delete(_DOOMED).where(_DOOMED.c.key_id.in_(ids)))
        return len(ids) == _AT_ONCE
