"""Counts what practices' documents take, in the transactions in which they come and go."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from services.attachments.quotas import Room
from services.attachments.tables import usage


class Usage:
    """The use cases of UsageService, and the counting; `quota` holds where a practice has none of its own."""

    def __init__(self, *, database: Database, quota: int, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._quota = quota
        self._clock = clock

    async def of(self, practice_id: UUID) -> Room:
        """What a practice's documents take and may take now."""
        async with self._database.transaction([practice_id]) as tx:
            return await self.room(tx, practice_id)

    async def set_quota(self, caller: Caller, practice_id: UUID, quota_bytes: int | None) -> None:
        """Give a practice a quota of its own, or with None that of all."""
        statement = insert(usage).values(practice_id=practice_id, quota_bytes=quota_bytes)
        changed = statement.on_conflict_do_update(
            index_elements=[usage.c.practice_id], set_={"quota_bytes": quota_bytes}
        )
        async with self._database.transaction([practice_id]) as tx:
            await tx.execute(changed)
            await record_audit(
                tx,
                caller=caller,
                tenant_id=practice_id,
                action="set_quota",
                object_kind="practice",
                object_id=practice_id,
                now=self._clock(),
            )

    async def room(self, tx: AsyncConnection, practice_id: UUID) -> Room:
        """The same within a transaction."""
        statement = select(usage.c.used_bytes, usage.c.quota_bytes).where(usage.c.practice_id == practice_id)
        row = (await tx.execute(statement)).one_or_none()
        return Room(0, self._quota) if row is None else Room(row.used_bytes, row.quota_bytes or self._quota)

    async def take(self, tx: AsyncConnection, practice_id: UUID, size: int) -> None:
        """Count bytes that are stored; refuses them where two uploads together find no room."""
        first = insert(usage).values(practice_id=practice_id).on_conflict_do_nothing()
        await tx.execute(first)
        more = usage.c.used_bytes + size
        fits = more <= func.coalesce(usage.c.quota_bytes, self._quota)
        taken = update(usage).where(usage.c.practice_id == practice_id, fits).values(used_bytes=more)
        if (await tx.execute(taken)).rowcount == 0:
            (await self.room(tx, practice_id)).check(size)


async def free(tx: AsyncConnection, practice_id: UUID, size: int) -> None:
    """Count bytes that are removed."""
    left = func.greatest(usage.c.used_bytes - size, 0)
    await tx.execute(update(usage).where(usage.c.practice_id == practice_id).values(used_bytes=left))
