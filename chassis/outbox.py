"""Records events in the transaction of the fact that they tell of; the relay publishes them afterwards."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import delete, func, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import wake_after_commit
from chassis.events import Event, envelop
from chassis.tables import OUTBOX_CHANNEL, TABLES

KEPT = timedelta(days=7)


async def record(tx: AsyncConnection, event: Event) -> None:
    """Publish the event if, and only if, the transaction commits."""
    await record_all(tx, (event,))


async def record_all(tx: AsyncConnection, events: Iterable[Event]) -> None:
    """Publish these events if, and only if, the transaction commits; sent together."""
    rows = []
    for event in events:
        event_id = uuid4()
        envelope = envelop(event, event_id).SerializeToString()
        rows.append({"event_id": event_id, "type": event.type, "envelope": envelope})
    if rows:
        await tx.execute(insert(TABLES.outbox), rows)
        wake_after_commit(tx, OUTBOX_CHANNEL)


async def prune(tx: AsyncConnection) -> int:
    """Forget events that were published more than a week ago; says how many."""
    old = TABLES.outbox.c.published_at < func.now() - KEPT
    return (await tx.execute(delete(TABLES.outbox).where(old))).rowcount
