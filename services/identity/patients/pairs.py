"""Keeps the mark of conflict right on all records that share a pair, whoever changes one meanwhile."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from sqlalchemy import func, not_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.patients.domain import PairHolder, wrongly_marked
from services.identity.tables.practices import patient


async def lock_pairs(tx: AsyncConnection, practice_id: UUID, pairs: Iterable[bytes | None]) -> None:
    """Until the transaction ends nobody else gives these pairs to a record, or takes them away.

    Taken before any row is locked and always in the same order, so that two who change the same pairs wait
    for each other, and none of them for ever.
    """
    for key in sorted(_lock_key(practice_id, pair) for pair in set(pairs) if pair is not None):
        await tx.execute(select(func.pg_advisory_xact_lock(key)))


async def settle(tx: AsyncConnection, practice_id: UUID, pairs: Iterable[bytes | None]) -> frozenset[UUID]:
    """Mark and unmark the holders of these pairs, which are locked; return the ids of the changed records."""
    concerned = sorted({pair for pair in pairs if pair is not None})
    if not concerned:
        return frozenset()
    query = (
        select(patient.c.id, patient.c.pair_index, patient.c.conflict)
        .where(patient.c.practice_id == practice_id, patient.c.pair_index.in_(concerned))
        .order_by(patient.c.id)
        .with_for_update()
    )
    holders = [PairHolder(row.id, row.pair_index, row.conflict) for row in await tx.execute(query)]
    changed = wrongly_marked(holders)
    if changed:
        await tx.execute(
            update(patient)
            .where(patient.c.practice_id == practice_id, patient.c.id.in_(changed))
            .values(conflict=not_(patient.c.conflict), version=patient.c.version + 1)
        )
    return changed


def _lock_key(practice_id: UUID, pair: bytes) -> int:
    digest = hashlib.sha256(b"pair" + practice_id.bytes + pair).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
