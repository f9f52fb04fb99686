"""After a restore: what the data still hold, but the newer key database does not, counts as erased again.

Nothing could open it, and one such row would keep the whole list that it stands in from being opened.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import Table, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import logs
from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database, undo_at_end
from chassis.keys import KeyDatabase
from chassis.settings import Secret
from services.messaging import tables
from services.messaging.changes import storage as changes
from services.messaging.drafts import storage as drafts
from services.messaging.messages.domain import Direction, WithdrawalReason
from services.messaging.reading import storage as reading
from services.messaging.receipts import storage as receipts
from services.messaging.receipts.facts import Fact, FactKind, fact_id
from services.messaging.receipts.recording import record_facts
from services.messaging.receipts.storage import NewFact
from services.messaging.withdrawals import storage
from services.messaging.withdrawals.taking_back import change_of, destroy
from services.messaging.work.unread import forget

Place: TypeAlias = tuple[UUID, UUID]

_LOG = logs.get(__name__)
_AT_ONCE: Final = 1000
_RESTORING: Final = Caller(UUID(int=0), "messaging", None, (), None, datetime.max.replace(tzinfo=UTC))
_KNOWN: Final = text("SELECT id FROM data_key WHERE id = ANY (CAST(:ids AS uuid[]))")


@dataclass(frozen=True)
class RestoredSettings:
    """The owners' addresses, since no other role sees the rows of all practices."""

    migrate_database_url: Secret
    migrate_keys_database_url: Secret
    log_level: str = "info"


async def run(settings: RestoredSettings) -> None:
    """Erase what has no key any more; before the services start, and again where it was interrupted."""
    database = Database(settings.migrate_database_url, pool_size=2)
    keys = KeyDatabase(settings.migrate_keys_database_url)
    try:
        message = tables.message
        messages = await _keyless(database, keys, message, message.c.erased_at.is_(None))
        for practice_id, message_id in messages:
            async with database.transaction([practice_id]) as tx:
                await _erase(tx, practice_id, message_id, datetime.now(UTC))
        thrown = await _keyless(database, keys, tables.draft)
        for practice_id, draft_id in thrown:
            async with database.transaction([practice_id]) as tx:
                draft = await drafts.load(tx, practice_id, draft_id, lock=True)
                if draft is not None:
                    await drafts.remove(tx, draft, datetime.now(UTC))
        _LOG.info("content without keys erased", count=len(messages), kind="message")
        _LOG.info("content without keys erased", count=len(thrown), kind="draft")
    finally:
        await keys.close()
        await database.close()


async def _keyless(database: Database, keys: KeyDatabase, table: Table, *conditions: Any) -> list[Place]:
    """Rows of all practices whose own key is gone. What lets the owner see them is rolled back."""
    keyless: list[Place] = []
    query = select(table.c.practice_id, table.c.id, table.c.key_id).where(
        table.c.key_id.is_not(None), *conditions
    )
    async with database.transaction() as tx, keys.transaction() as keys_tx:
        await tx.execute(text(f"ALTER TABLE {table.name} NO FORCE ROW LEVEL SECURITY"))
        async with tx.stream(query) as rows:
            async for batch in rows.partitions(_AT_ONCE):
                known = await _known(keys_tx, [row.key_id for row in batch])
                keyless += [(row.practice_id, row.id) for row in batch if row.key_id not in known]
        undo_at_end(tx)
    return keyless


async def _known(tx: AsyncConnection, ids: Collection[UUID]) -> set[UUID]:
    return set((await tx.execute(_KNOWN, {"ids": list(ids)})).scalars())


async def _erase(tx: AsyncConnection, practice_id: UUID, message_id: UUID, now: datetime) -> None:
    """As an admin's erasure does it, which was written into data that are newer than these."""
    found = await reading.load(tx, practice_id, message_id)
    if found is None or found.erased_at is not None:
        return
    await reading.lock_conversation(tx, practice_id, found.conversation_id)
    [message] = await receipts.lock(tx, [(practice_id, message_id)])
    kinds = [FactKind.ERASED]
    if message.withdrawn_at is None:
        await storage.withdraw(tx, message, WithdrawalReason.OTHER, now)
        if message.direction is Direction.TO_PATIENT:
            await forget(tx, [(practice_id, message_id)])
        kinds = [FactKind.WITHDRAWN, FactKind.ERASED]
    await destroy(tx, message, now)
    facts = [Fact(fact_id(message_id, kind), kind, now) for kind in kinds]
    await record_facts(tx, [NewFact(practice_id, message_id, fact) for fact in facts])
    await record_audit(
        tx,
        caller=_RESTORING,
        tenant_id=practice_id,
        action="message.erased",
        object_kind="message",
        object_id=message_id,
        now=now,
        why="restored",
    )
    await changes.record(tx, [change_of(message, now)])
