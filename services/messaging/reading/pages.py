"""Reads pages of lists, each behind a position: a page costs the same however long its list is.

Statements that are always the same are put together once, which takes longer than reading the rows. A page's
places are read from an index first, then its messages are looked up one by one: a plan that knows neither
the practice nor the page's size would else join them with all messages of a practice that has most of them.
"""

import enum
import functools
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Integer,
    Select,
    Uuid,
    and_,
    bindparam,
    column,
    exists,
    func,
    or_,
    select,
    true,
    tuple_,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.paging import Position
from services.messaging import tables
from services.messaging.messages.rows import SUMMARY_COLUMNS, StoredMessage, stored_message
from services.messaging.reading.storage import load_all
from services.messaging.receipts.domain import UNSENT
from services.messaging.work.domain import OF_PATIENT, ConversationState

_MESSAGE: Final = tables.message
_CONVERSATION: Final = tables.conversation
_UNREAD: Final = tables.unread_message

_PLACE: Final = (_MESSAGE.c.practice_id, _MESSAGE.c.id, _MESSAGE.c.sent_at)
_MOST: Final = bindparam("most", type_=Integer)
_BEHIND: Final = tuple_(_MESSAGE.c.sent_at, _MESSAGE.c.id) < tuple_(
    bindparam("at", type_=DateTime(timezone=True)), bindparam("id", type_=Uuid)
)
_NEWEST_FIRST: Final = (_MESSAGE.c.sent_at.desc(), _MESSAGE.c.id.desc())
_HISTORY: Final = (
    select(*SUMMARY_COLUMNS)
    .where(
        _MESSAGE.c.practice_id == bindparam("practice", type_=Uuid),
        _MESSAGE.c.patient_id == bindparam("patient", type_=Uuid),
    )
    .order_by(*_NEWEST_FIRST)
    .limit(_MOST)
)
_HISTORY_BEHIND: Final = _HISTORY.where(_BEHIND)
_PATIENTS: Final = (
    func.unnest(bindparam("practices", type_=ARRAY(Uuid)), bindparam("patients", type_=ARRAY(Uuid)))
    .table_valued(column("practice_id", Uuid), column("patient_id", Uuid))
    .render_derived(name="patients")
)
_IS_THEIRS: Final = and_(
    _MESSAGE.c.practice_id == _PATIENTS.c.practice_id, _MESSAGE.c.patient_id == _PATIENTS.c.patient_id
)
_IS_THEIR_CONVERSATION: Final = and_(
    _CONVERSATION.c.practice_id == _PATIENTS.c.practice_id,
    _CONVERSATION.c.patient_id == _PATIENTS.c.patient_id,
)
_WAS_SENT: Final = and_(*(_MESSAGE.c.tick != each for each in UNSENT))
# What the patient can open and has not opened stands in a table that is as short as there is of it.
_IS_UNREAD: Final = or_(*(_UNREAD.c.kind == each for each in OF_PATIENT))
_IS_UNREAD_IN_IT: Final = and_(
    _UNREAD.c.practice_id == _CONVERSATION.c.practice_id,
    _UNREAD.c.conversation_id == _CONVERSATION.c.id,
    _IS_UNREAD,
)
_IS_THIS: Final = and_(_MESSAGE.c.practice_id == _UNREAD.c.practice_id, _MESSAGE.c.id == _UNREAD.c.message_id)


class MailboxPart(enum.Enum):
    """Which of an account's messages are wanted: all, those that are unread, the rest, or answers to one."""

    ALL = enum.auto()
    UNREAD = enum.auto()
    REST = enum.auto()
    ANSWERS = enum.auto()


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation with its newest message."""

    id: UUID
    unread_answers: int
    state: ConversationState
    assigned_to: UUID | None
    newest: StoredMessage

    @property
    def position(self) -> Position:
        """Where it stands in the list."""
        return Position(self.newest.sent_at, self.id)


def position_of(message: StoredMessage) -> Position:
    """Where a message stands in a list of messages."""
    return Position(message.sent_at, message.id)


def is_conversation(conversation_id: UUID) -> ColumnElement[bool]:
    """Holds of one conversation only."""
    return _CONVERSATION.c.id == conversation_id


def with_patients(patient_ids: Collection[UUID]) -> list[ColumnElement[bool]]:
    """Holds of the conversations with these patients only; of all where none is named."""
    return [_CONVERSATION.c.patient_id.in_(patient_ids)] if patient_ids else []


async def conversations(
    tx: AsyncConnection,
    practice_id: UUID,
    after: Position | None,
    most: int,
    *only: ColumnElement[bool],
) -> list[StoredConversation]:
    """Those of the practice's conversations for which `only` holds, the one with the newest message first."""
    page = (
        select(
            _CONVERSATION.c.id,
            _CONVERSATION.c.newest_message_id,
            _CONVERSATION.c.unread_answers,
            _CONVERSATION.c.state,
            _CONVERSATION.c.assigned_to,
        )
        .where(_CONVERSATION.c.practice_id == practice_id, *only)
        .order_by(_CONVERSATION.c.newest_at.desc(), _CONVERSATION.c.id.desc())
        .limit(most)
    )
    if after is not None:
        page = page.where(tuple_(_CONVERSATION.c.newest_at, _CONVERSATION.c.id) < tuple_(after.at, after.id))
    rows = (await tx.execute(page)).all()
    newest = await load_all(tx, [(practice_id, row.newest_message_id) for row in rows])
    return [
        StoredConversation(row.id, row.unread_answers, ConversationState(row.state), row.assigned_to, message)
        for row, message in zip(rows, newest, strict=True)
    ]


async def history(
    tx: AsyncConnection, practice_id: UUID, patient_id: UUID, after: Position | None, most: int
) -> list[StoredMessage]:
    """One patient's messages of both sides, newest first."""
    values = {"practice": practice_id, "patient": patient_id, "most": most, **_position(after)}
    rows = await tx.execute(_HISTORY if after is None else _HISTORY_BEHIND, values)
    return [stored_message(row) for row in rows]


async def mailbox(
    tx: AsyncConnection,
    patients: Sequence[tuple[UUID, UUID]],
    part: MailboxPart,
    after: Position | None,
    most: int,
    *,
    answered: UUID | None = None,
) -> list[StoredMessage]:
    """That part of the messages of several patients, given with their practices, newest first.

    `answered` is the message whose answers are wanted.
    """
    if not patients:
        return []
    values = {
        "practices": [practice_id for practice_id, _ in patients],
        "patients": [patient_id for _, patient_id in patients],
        "most": most,
        **_position(after),
        **({"answered": answered} if answered is not None else {}),
    }
    rows = await tx.execute(_mailbox(part, behind=after is not None), values)
    return await load_all(tx, [(row.practice_id, row.id) for row in rows])


@functools.cache
def _mailbox(part: MailboxPart, *, behind: bool) -> Select[Any]:
    """Finds the places of a page's messages."""
    only = [_BEHIND] if behind else []
    if part is MailboxPart.UNREAD:
        unread = select(*_PLACE).join_from(_PATIENTS, _CONVERSATION, _IS_THEIR_CONVERSATION)
        unread = unread.join(_UNREAD, _IS_UNREAD_IN_IT).join(_MESSAGE, _IS_THIS)
        return unread.where(_WAS_SENT, *only).order_by(*_NEWEST_FIRST).limit(_MOST)
    if part is MailboxPart.ANSWERS:
        only.append(_MESSAGE.c.in_reply_to == bindparam("answered", type_=Uuid))
    if part is MailboxPart.REST:
        only.append(~exists().where(_IS_THIS, _IS_UNREAD))
    of_each = select(*_PLACE).where(_IS_THEIRS, _WAS_SENT, *only).order_by(*_NEWEST_FIRST).limit(_MOST)
    newest = of_each.correlate(_PATIENTS).lateral("newest")
    merged = select(newest).join_from(_PATIENTS, newest, true())
    return merged.order_by(newest.c.sent_at.desc(), newest.c.id.desc()).limit(_MOST)


def _position(after: Position | None) -> dict[str, object]:
    return {} if after is None else {"at": after.at, "id": after.id}
