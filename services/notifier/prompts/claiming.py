"""Takes letters in hand, each practice's in turn: the thousands of one do not hold up another's."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.inbox_turns import after
from chassis.tables import NOBODY
from services.notifier.prompts.domain import Kind, Prompt
from services.notifier.tables import prompt


class Claims:
    """Claims letters of all practices."""

    def __init__(self) -> None:
        self._first = NOBODY

    async def take(self, tx: AsyncConnection, now: datetime, lease_end: datetime, most: int) -> list[Prompt]:
        """At most so many letters that are due; they are the caller's until the lease ends.

        As many of each practice that has some, one at least, those first that have been due longest; of more
        than `most` practices the next ones have their turn at the next claim.
        """
        claimed = await _claimed(tx, now, lease_end, self._first, most)
        if not claimed and self._first != NOBODY:
            claimed = await _claimed(tx, now, lease_end, NOBODY, most)
        last = max(claimed, key=lambda row: row.turn, default=None)
        self._first = after(last.practice_id) if last is not None and last.turn == most else NOBODY
        return [_prompt(row) for row in claimed]


async def _claimed(
    tx: AsyncConnection, now: datetime, lease_end: datetime, first: object, most: int
) -> Sequence[Row[Any]]:
    columns = (
        prompt.c.practice_id,
        prompt.c.id,
        prompt.c.patient_id,
        prompt.c.reference,
        prompt.c.kind,
        prompt.c.sent_at,
        prompt.c.created_at,
        prompt.c.attempts,
    )
    claimed = func.claim_due_letters(now, lease_end, first, most).table_valued(*columns, "turn")
    return (await tx.execute(select(claimed))).all()


def _prompt(row: Row[Any]) -> Prompt:
    return Prompt(
        practice_id=row.practice_id,
        id=row.id,
        patient_id=row.patient_id,
        reference=row.reference,
        kind=Kind(row.kind),
        sent_at=row.sent_at,
        created_at=row.created_at,
        attempt=row.attempts,
    )
