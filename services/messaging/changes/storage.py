"""Changes in the database: numbered per practice in the order of commits, and read from a number on."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import wake_after_commit
from chassis.many_rows import ManyRows, Part, carry_out, types_of
from services.messaging import tables
from services.messaging.changes.domain import Change, ChangeKind, Counted

CHANNEL: Final = "messaging_changes"

_CHANGE: Final = tables.change
_SEQUENCE: Final = tables.practice_sequence

# Counters are taken in the order of practices, so that no two wait for each other.
_COUNT: Final = ManyRows(
    """
INSERT INTO practice_sequence (practice_id, last)
SELECT practice_id, changes FROM {rows} AS counted (practice_id, changes) ORDER BY practice_id
ON CONFLICT (practice_id) DO UPDATE SET last = practice_sequence.last + excluded.last
RETURNING practice_id, last
""",
    types_of(_SEQUENCE, "practice_id", "last"),
    name="counted_change",
)
_ADD: Final = ManyRows(
    """
INSERT INTO change (practice_id, sequence, kind, patient_id, conversation_id, message_id, at)
SELECT practice_id, last - before_last, kind, patient_id, conversation_id, message_id, at
FROM {rows} AS entry (practice_id, before_last, kind, patient_id, conversation_id, message_id, at)
JOIN counted_change USING (practice_id)
""",
    types_of(_CHANGE, "practice_id", "sequence", "kind", "patient_id", "conversation_id", "message_id", "at"),
    returns=False,
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
    await carry_out(tx, *recording(tx, changes))


def recording(tx: AsyncConnection, changes: Sequence[Change]) -> Sequence[Part]:
    """What `record` carries out, to be carried out after something else."""
    counts = Counter(each.practice_id for each in changes)
    left = Counter(counts)
    rows = []
    for each in changes:
        left[each.practice_id] -= 1
        rows.append(
            (
                *(each.practice_id, left[each.practice_id], each.kind),
                *(each.patient_id, each.conversation_id, each.message_id, each.at),
            )
        )
    for practice_id in counts:
        wake_after_commit(tx, CHANNEL, str(practice_id))
    return _COUNT.of(counts.items()), _ADD.of(rows)


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
