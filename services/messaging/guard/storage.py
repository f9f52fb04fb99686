"""Texts of the last hour, as keyed hashes, and the messages that are held for them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, and_, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.many_rows import ManyRows, Part, Returned, inserting, types_of
from chassis.paging import Position
from services.messaging import tables
from services.messaging.guard.domain import HeldMessage, Text, TextHashes, Use
from services.messaging.messages.rows import SUMMARY_COLUMNS, StoredMessage, stored_message
from services.messaging.receipts.domain import State

_HELD: Final = tables.held_message
_MESSAGE: Final = tables.message
_TEXT: Final = tables.recent_text
_WAITING: Final = _HELD.c.decided_at.is_(None)
_HOLD: Final = inserting(
    *(_HELD, "practice_id", "message_id", "text_hash", "shown_hash", "held_at"),
    conflict="ON CONFLICT DO NOTHING",
)

# A statement of its own, so that the next one sees what those who held the lock before have committed.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:practice || encode(:hash, 'hex'), 0))")

# In one order everywhere, so that no two wait for each other.
_LOCK_ALL: Final = ManyRows(
    "SELECT CAST(pg_advisory_xact_lock(lock) AS text) FROM ("
    "SELECT DISTINCT hashtextextended(practice_id || encode(text_hash, 'hex'), 0) AS lock"
    " FROM {rows} AS used (practice_id, text_hash) ORDER BY lock"
    ") AS ordered",
    types_of(_TEXT, "practice_id", "text_hash"),
)
_LATELY: Final = ManyRows(
    """
SELECT used.practice_id, used.text_hash, lately.patient_id
FROM {rows} AS used (practice_id, text_hash, since, most)
CROSS JOIN LATERAL (
    SELECT patient_id FROM recent_text
    WHERE recent_text.practice_id = used.practice_id AND recent_text.text_hash = used.text_hash
        AND recent_text.used_at > used.since
    LIMIT used.most
) AS lately
""",
    (*types_of(_TEXT, "practice_id", "text_hash", "used_at"), "integer"),
)
_NOTE: Final = inserting(
    *(_TEXT, "practice_id", "text_hash", "patient_id", "used_at"),
    conflict="ON CONFLICT (practice_id, text_hash, patient_id) DO UPDATE SET used_at = excluded.used_at",
)
# Of all practices, which the function sees for whoever may call it.
_FORGET: Final = text("SELECT forget_texts(:before)")


async def lock_text(tx: AsyncConnection, practice_id: UUID, text_hash: bytes) -> None:
    """Those who send or release the same text in a practice come one after the other."""
    await tx.execute(_LOCK, {"practice": str(practice_id), "hash": text_hash})


def locking(texts: Collection[Text]) -> Part:
    """The same for several texts."""
    return _LOCK_ALL.of(set(texts))


def using(uses: Iterable[Use], since: datetime, now: datetime, most: int) -> tuple[Part, Part]:
    """Who got these texts between `since` and now, of more than `most` patients that many, see `lately`; and
    that these patients get them now.
    """
    texts = {each.text for each in uses}
    patients = {(*each.text, each.patient_id) for each in uses}
    return _LATELY.of((*text, since, most) for text in texts), _NOTE.of((*each, now) for each in patients)


def lately(rows: Returned) -> Mapping[Text, Collection[UUID]]:
    """The patients who got each text, where any did."""
    found: dict[Text, set[UUID]] = {}
    for practice_id, text_hash, patient_id in rows:
        found.setdefault((practice_id, text_hash), set()).add(patient_id)
    return found


async def forget_texts(tx: AsyncConnection, before: datetime) -> None:
    """Remove what was used before: no send counts it any more."""
    await tx.execute(_FORGET, {"before": before})


async def was_confirmed(tx: AsyncConnection, practice_id: UUID, hashes: TextHashes, since: datetime) -> bool:
    """Whether a second person released this text under this subject since then."""
    query = select(_HELD.c.message_id).where(
        _HELD.c.practice_id == practice_id,
        _HELD.c.text_hash == hashes.text,
        _HELD.c.shown_hash == hashes.shown,
        _HELD.c.confirmed,
        _HELD.c.decided_at > since,
    )
    return (await tx.execute(query.limit(1))).first() is not None


def holding(held: Iterable[tuple[UUID, UUID, TextHashes, datetime]]) -> Part:
    """The messages, given with their practices, wait since then."""
    return _HOLD.of(
        (practice_id, message_id, hashes.text, hashes.shown, at)
        for practice_id, message_id, hashes, at in held
    )


async def load_held(tx: AsyncConnection, practice_id: UUID, message_id: UUID) -> HeldMessage | None:
    """A message that is or was held; None for any other."""
    row = (await tx.execute(_held(practice_id).where(_HELD.c.message_id == message_id))).one_or_none()
    return _read(row) if row is not None else None


async def waiting_with(tx: AsyncConnection, held: HeldMessage) -> list[HeldMessage]:
    """All messages that wait with this one's subject and text, in the order in which rows are locked."""
    if held.shown_hash is None:
        return [held]
    same = (_HELD.c.text_hash == held.text_hash, _HELD.c.shown_hash == held.shown_hash)
    query = _held(held.practice_id).where(*same, _WAITING).order_by(_HELD.c.message_id)
    return [_read(row) for row in await tx.execute(query)]


async def decide(
    tx: AsyncConnection,
    held: HeldMessage,
    by: UUID,
    now: datetime,
    *,
    confirmed: bool,
    sealed_reason: bytes | None,
) -> None:
    """Part the decision, which is made once."""
    this = and_(_HELD.c.practice_id == held.practice_id, _HELD.c.message_id == held.message_id, _WAITING)
    values = {"decided_at": now, "decided_by": by, "confirmed": confirmed, "reason": sealed_reason}
    await tx.execute(update(_HELD).where(this).values(values))


async def set_released(
    tx: AsyncConnection, practice_id: UUID, message_ids: Sequence[UUID], now: datetime
) -> None:
    """From now on the messages are on their way."""
    these = and_(_MESSAGE.c.practice_id == practice_id, _MESSAGE.c.id.in_(message_ids))
    await tx.execute(update(_MESSAGE).where(these).values(released_at=now))


async def waiting(
    tx: AsyncConnection, practice_id: UUID, after: Position | None, most: int
) -> list[tuple[Position, StoredMessage]]:
    """What waits in the practice with its place in the list, the longest first."""
    joined = and_(_MESSAGE.c.practice_id == _HELD.c.practice_id, _MESSAGE.c.id == _HELD.c.message_id)
    query = (
        select(_HELD.c.held_at, *SUMMARY_COLUMNS)
        .join_from(_HELD, _MESSAGE, joined)
        .where(_HELD.c.practice_id == practice_id, _WAITING, _MESSAGE.c.tick == State.HELD)
        .order_by(_HELD.c.held_at, _HELD.c.message_id)
        .limit(most)
    )
    if after is not None:
        query = query.where(tuple_(_HELD.c.held_at, _HELD.c.message_id) > tuple_(after.at, after.id))
    return [(Position(row.held_at, row.id), stored_message(row)) for row in await tx.execute(query)]


def _held(practice_id: UUID) -> Select[Any]:
    joined = and_(_MESSAGE.c.practice_id == _HELD.c.practice_id, _MESSAGE.c.id == _HELD.c.message_id)
    return (
        select(_HELD, _MESSAGE.c.author_id, _MESSAGE.c.patient_id)
        .join_from(_HELD, _MESSAGE, joined)
        .where(_HELD.c.practice_id == practice_id)
    )


def _read(row: Row[Any]) -> HeldMessage:
    return HeldMessage(
        practice_id=row.practice_id,
        message_id=row.message_id,
        patient_id=row.patient_id,
        text_hash=row.text_hash,
        shown_hash=row.shown_hash,
        author_id=row.author_id,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        confirmed=row.confirmed,
        sealed_reason=row.reason,
    )
