"""Takes events from the inbox, each tenant's in turn: the thousands of one do not hold up another's."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.tables import NOBODY

_LAST: Final = UUID(int=2**128 - 1)
# Looks up one tenant after the other in the index inbox_turn, however many events each of them has.
CLAIM: Final = text("""
WITH RECURSIVE turn (tenant_id, number) AS (
    (SELECT i.tenant_id, 1 FROM inbox AS i
     WHERE i.consumer = :consumer AND i.state = 'pending' AND i.next_try <= now() AND i.tenant_id >= :first
     ORDER BY i.tenant_id LIMIT 1)
    UNION ALL
    SELECT (SELECT i.tenant_id FROM inbox AS i
            WHERE i.consumer = :consumer AND i.state = 'pending' AND i.next_try <= now()
                AND i.tenant_id > turn.tenant_id
            ORDER BY i.tenant_id LIMIT 1), turn.number + 1
    FROM turn WHERE turn.tenant_id IS NOT NULL AND turn.number < CAST(:most AS integer)
)
SELECT claimed.*, turn.number FROM turn CROSS JOIN LATERAL (
    SELECT i.event_id, i.type, i.envelope, i.attempts, i.tenant_id FROM inbox AS i
    WHERE i.consumer = :consumer AND i.state = 'pending' AND i.next_try <= now()
        AND i.tenant_id = turn.tenant_id
    ORDER BY i.next_try
    LIMIT (SELECT greatest(1, CAST(:most AS integer) / nullif(count(t.tenant_id), 0)) FROM turn AS t)
    FOR UPDATE SKIP LOCKED
) AS claimed
""")


class Turns:
    """Claims events of one consumer."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer
        self._first = NOBODY

    async def claim(self, tx: AsyncConnection, most: int) -> Sequence[Row[Any]]:
        """At most so many due events, the caller's until the end of the transaction; none if there are none.

        As many of each tenant that has some, one at least; of more than `most` tenants the next ones have
        their turn at the next claim.
        """
        claimed = await self._from(tx, self._first, most)
        if not claimed and self._first != NOBODY:
            claimed = await self._from(tx, NOBODY, most)
        self._first = NOBODY
        if claimed and claimed[-1].number == most:
            self._first = after(claimed[-1].tenant_id)
        return claimed

    async def _from(self, tx: AsyncConnection, first: UUID, most: int) -> Sequence[Row[Any]]:
        given = {"consumer": self._consumer, "first": first, "most": most}
        return (await tx.execute(CLAIM, given)).all()


def after(tenant_id: UUID) -> UUID:
    """Where the tenants after this one begin; after the last one, it is everybody's turn again."""
    return NOBODY if tenant_id == _LAST else UUID(int=tenant_id.int + 1)
