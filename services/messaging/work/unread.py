"""Keeps what nobody of the other side has opened yet, in the transactions that store messages and facts.

Whoever writes a row has the message locked.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, case, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.many_rows import ManyRows, Part, Row, carry_out, inserting, types_of
from services.messaging import tables
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import StoredMessage
from services.messaging.receipts import storage as receipts
from services.messaging.receipts.domain import Receipt
from services.messaging.receipts.storage import MessageKey
from services.messaging.sending.domain import Draft
from services.messaging.work.domain import OF_PATIENT, Matter, WorkKind, due_at, matter

_UNREAD: Final = tables.unread_message
_AUTHOR: Final = tables.conversation_author
_ADD: Final = inserting(
    _UNREAD,
    *("practice_id", "message_id", "conversation_id", "patient_id", "kind", "since", "due_at"),
    conflict="ON CONFLICT DO NOTHING",
)
_ADD_AUTHOR: Final = inserting(
    _AUTHOR, "practice_id", "author_id", "conversation_id", conflict="ON CONFLICT DO NOTHING"
)
_FORGET: Final = ManyRows(
    """
DELETE FROM unread_message USING {rows} AS gone (practice_id, message_id)
WHERE unread_message.practice_id = gone.practice_id AND unread_message.message_id = gone.message_id
""",
    types_of(_UNREAD, "practice_id", "message_id"),
    returns=False,
)
_STILL_SETTLED: Final = case((_UNREAD.c.due_at <= _UNREAD.c.settled_at, _UNREAD.c.settled_at))


@dataclass(frozen=True, slots=True)
class Stored:
    """A message that has just been stored, and its receipt."""

    draft: Draft
    conversation_id: UUID
    sent_at: datetime
    receipt: Receipt


def adding(stored: Sequence[Stored]) -> Sequence[Part]:
    """What nobody has opened yet, and who wrote it, to be written together with the messages."""
    authors = sorted(
        {
            (each.draft.practice_id, each.draft.author_id, each.conversation_id)
            for each in stored
            if each.draft.direction is Direction.TO_PATIENT
        }
    )
    return _ADD.of(row for each in stored if (row := _row(each)) is not None), _ADD_AUTHOR.of(authors)


def _row(stored: Stored) -> Row | None:
    draft = stored.draft
    due = due_at(stored.sent_at, draft.read_by) if draft.direction is Direction.TO_PATIENT else None
    first = matter(draft.direction, stored.receipt, stored.sent_at)
    if first is None:
        return None
    return (
        draft.practice_id,
        draft.id,
        stored.conversation_id,
        draft.patient_id,
        first.kind,
        first.since or due,
        due,
    )


def followed(
    turned: Iterable[tuple[StoredMessage, Receipt]],
) -> tuple[Sequence[MessageKey], Mapping[MessageKey, Matter]]:
    """Receipts turned: `StoredMessage.receipt` is the one from before. Which messages need nobody any more,
    and which need somebody for another reason than before."""
    opened: list[MessageKey] = []
    changed: dict[MessageKey, Matter] = {}
    for message, receipt in turned:
        before, after = (
            matter(message.direction, each, message.sent_at) for each in (message.receipt, receipt)
        )
        if after is None:
            opened.append(message.key)
        elif after != before:
            changed[message.key] = after
    return opened, changed


async def released(tx: AsyncConnection, messages: Iterable[StoredMessage], now: datetime) -> None:
    """These were held until now, so the days to read them begin now; a time that the sender named stands."""
    keys = [(each.practice_id, each.id) for each in messages if each.due_at is None]
    if keys:
        due = due_at(now)
        since = case((_UNREAD.c.kind == WorkKind.DUE, due), else_=_UNREAD.c.since)
        await tx.execute(update(_UNREAD).where(_is_one_of(keys)).values(due_at=due, since=since))


async def forget(tx: AsyncConnection, keys: Collection[MessageKey]) -> None:
    """These messages need nobody any more, whatever becomes of them."""
    await carry_out(tx, forgetting(keys))


def forgetting(keys: Iterable[MessageKey]) -> Part:
    """What `forget` writes, to be written together with something else."""
    return _FORGET.of(sorted(keys))


async def settle(tx: AsyncConnection, practice_id: UUID, conversation_id: UUID, now: datetime) -> None:
    """What has failed or is overdue by now is done."""
    rows = select(_UNREAD.c.practice_id, _UNREAD.c.message_id).where(
        _UNREAD.c.practice_id == practice_id,
        _UNREAD.c.conversation_id == conversation_id,
        _UNREAD.c.kind.in_(OF_PATIENT),
        _UNREAD.c.since <= now,
        _UNREAD.c.settled_at.is_(None),
    )
    keys = [(row.practice_id, row.message_id) for row in await tx.execute(rows)]
    if keys:
        await receipts.lock(tx, keys)
        still = (_is_one_of(keys), _UNREAD.c.kind.in_(OF_PATIENT), _UNREAD.c.since <= now)
        await tx.execute(update(_UNREAD).where(*still).values(settled_at=now))


async def unsettle(tx: AsyncConnection, practice_id: UUID, conversation_id: UUID) -> None:
    """What was settled counts again."""
    rows = select(_UNREAD.c.practice_id, _UNREAD.c.message_id).where(
        _UNREAD.c.practice_id == practice_id,
        _UNREAD.c.conversation_id == conversation_id,
        _UNREAD.c.settled_at.is_not(None),
    )
    keys = [(row.practice_id, row.message_id) for row in await tx.execute(rows)]
    if keys:
        await receipts.lock(tx, keys)
        await tx.execute(update(_UNREAD).where(_is_one_of(keys)).values(settled_at=None))


async def change(tx: AsyncConnection, changed: Mapping[MessageKey, Matter]) -> None:
    """These need somebody for another reason.

    A failure is a new matter, even where an earlier one was settled; what was overdue then still is.
    """
    if not changed:
        return
    this = and_(_UNREAD.c.practice_id == bindparam("practice"), _UNREAD.c.message_id == bindparam("message"))
    failing: dict[str, Any] = {"kind": bindparam("now_is"), "since": bindparam("at"), "settled_at": None}
    waiting: dict[str, Any] = {
        "kind": bindparam("now_is"),
        "since": _UNREAD.c.due_at,
        "settled_at": _STILL_SETTLED,
    }
    for values, timed in ((failing, True), (waiting, False)):
        rows = [
            {"practice": practice_id, "message": message_id, "now_is": each.kind}
            | ({"at": each.since} if timed else {})
            for (practice_id, message_id), each in changed.items()
            if (each.since is not None) is timed
        ]
        if rows:
            await tx.execute(update(_UNREAD).where(this).values(values), rows)


def _is_one_of(keys: Collection[MessageKey]) -> ColumnElement[bool]:
    return tuple_(_UNREAD.c.practice_id, _UNREAD.c.message_id).in_(sorted(keys))
