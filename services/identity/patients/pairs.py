"""Keeps others from giving contact data to a record, or taking them away, while one decides by them."""

import hashlib
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

# One statement however many there are; an array is unnested in its order.
_LOCK_IN_ORDER: Final = text(
    "SELECT count(pg_advisory_xact_lock(key)) FROM unnest(CAST(:keys AS bigint[])) AS key"
).bindparams(bindparam("keys", type_=ARRAY(BigInteger)))


async def lock_pairs(tx: AsyncConnection, practice_id: UUID, indexes: Iterable[bytes | None]) -> None:
    """Until the transaction ends nobody else gives these pairs or addresses to a record, or takes them away.

    Who binds locks the pair; who changes a record locks its old and new pair, and its old and new address.
    Taken before any row is locked and always in the same order, so that two who change the same wait for each
    other, and none of them for ever.
    """
    keys = sorted(_lock_key(practice_id, index) for index in set(indexes) if index is not None)
    if keys:
        await tx.execute(_LOCK_IN_ORDER, {"keys": keys})


def _lock_key(practice_id: UUID, index: bytes) -> int:
    digest = hashlib.sha256(b"pair" + practice_id.bytes + index).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
