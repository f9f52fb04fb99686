"""Records events in the transaction of the fact that they tell of; the relay publishes them afterwards."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import delete, func
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import wake_after_commit
from chassis.events import Event, envelop
from chassis.many_rows import Part, Row, carry_out, inserting
from chassis.tables import OUTBOX_CHANNEL, TABLES

KEPT = timedelta(days=7)
_RECORD = inserting(TABLES.outbox, "event_id", "type", "envelope")


async def record(tx: AsyncConnection, event: Event) -> None:
    """Publish the event if, and only if, the transaction commits."""
    await record_all(tx, (event,))


async def record_all(tx: AsyncConnection, events: Iterable[Event]) -> None:
    """Publish these events if, and only if, the transaction commits; sent together."""
    await carry_out(tx, recording(tx, events))


def recording(tx: AsyncConnection, events: Iterable[Event]) -> Part:
    """What `record_all` writes, to be written together with something else."""
    recorded = _RECORD.of(_row(each) for each in events)
    if recorded.rows:
        wake_after_commit(tx, OUTBOX_CHANNEL)
    return recorded


def _row(event: Event) -> Row:
    event_id = uuid4()
    return event_id, event.type, envelop(event, event_id).SerializeToString()


async def prune(tx: AsyncConnection) -> int:
    """Forget events that were published more than a week ago; says how many."""
    old = TABLES.outbox.c.published_at < func.now() - KEPT
    return (await tx.execute(delete(TABLES.outbox).where(old))).rowcount
