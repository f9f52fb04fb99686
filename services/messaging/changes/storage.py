"""Changes in the database: numbered per practice in the order of commits, and read from a number on."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import wake_after_commit
from chassis.many_rows import ManyRows, fetch, types_of
from services.messaging import tables
from services.messaging.changes.domain import Change, ChangeKind, Counted

CHANNEL: Final = "messaging_changes"

_CHANGE: Final = tables.change
_SEQUENCE: Final = tables.practice_sequence

# One statement for all: the counters are taken in the order of practices, so that no two wait for each other.
_RECORD: Final = ManyRows(
    """
WITH entry AS (
    SELECT * FROM {rows}
    WITH ORDINALITY AS entry (practice_id, kind, patient_id, conversation_id, message_id, at, place)
), counted AS (
    INSERT INTO practice_sequence (practice_id, last)
    SELECT practice_id, count(*) FROM entry GROUP BY practice_id ORDER BY practice_id
    ON CONFLICT (practice_id) DO UPDATE SET last = practice_sequence.last + excluded.last
    RETURNING practice_id, last
)
INSERT INTO change (practice_id, sequence, kind, patient_id, conversation_id, message_id, at)
SELECT
    practice_id,
    last - count(*) OVER practice + row_number() OVER (practice ORDER BY place),
    kind, patient_id, conversation_id, message_id, at
FROM entry JOIN counted USING (practice_id)
WINDOW practice AS (PARTITION BY practice_id)
""",
    types_of(_CHANGE, "practice_id", "kind", "patient_id", "conversation_id", "message_id", "at"),
)

_AFTER: Final = text("""
SELECT found.*
FROM unnest(CAST(:practices AS uuid[]), CAST(:sequences AS bigint[])) AS since (practice_id, sequence)
CROSS JOIN LATERAL (
    SELECT * FROM change
    WHERE change.practice_id = since.practice_id AND change.sequence > since.sequence
    ORDER BY change.sequence LIMIT :most
) AS found
ORDER BY found.practice_id, found.sequence
""")


async def record(tx: AsyncConnection, changes: Sequence[Change]) -> None:
    """Count these changes, as the transaction's last statement: the counters stay locked until its end."""
    if not changes:
        return
    rows = [
        (each.practice_id, each.kind, each.patient_id, each.conversation_id, each.message_id, each.at)
        for each in changes
    ]
    await fetch(tx, _RECORD.of(rows))
    for practice_id in {each.practice_id for each in changes}:
        wake_after_commit(tx, CHANNEL, str(practice_id))


async def after(tx: AsyncConnection, since: Mapping[UUID, int], most: int) -> list[Counted]:
    """For each practice up to `most` changes after its number, in order; one query for all of them."""
    parameters = {"practices": list(since), "sequences": list(since.values()), "most": most}
    return [_counted(row) for row in await tx.execute(_AFTER, parameters)]


async def newest(tx: AsyncConnection, practices: Collection[UUID]) -> dict[UUID, int]:
    """The number of each practice's newest change, 0 where there is none."""
    query = select(_SEQUENCE).where(_SEQUENCE.c.practice_id.in_(practices))
    found = {row.practice_id: row.last for row in await tx.execute(query)}
    return {practice_id: found.get(practice_id, 0) for practice_id in practices}


def _counted(row: Row[Any]) -> Counted:
    return Counted(
        row.sequence,
        Change(
            ChangeKind(row.kind), row.practice_id, row.patient_id, row.conversation_id, row.message_id, row.at
        ),
    )
