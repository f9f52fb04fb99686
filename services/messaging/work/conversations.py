"""Conversations in the database: whether they are done, whose they are, and who is answering them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    DateTime,
    Row,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging import tables
from services.messaging.changes.domain import Change, ChangeKind
from services.messaging.work.domain import ConversationState, StaffAnswering

_CONVERSATION: Final = tables.conversation
_ANSWERING: Final = tables.answering

_ANSWERING_NOW: Final = (
    select(_ANSWERING)
    .where(
        _ANSWERING.c.practice_id == bindparam("practice", type_=Uuid),
        _ANSWERING.c.conversation_id == any_(bindparam("conversations", type_=ARRAY(Uuid))),
        _ANSWERING.c.until > bindparam("now", type_=DateTime(timezone=True)),
    )
    .order_by(_ANSWERING.c.conversation_id, _ANSWERING.c.staff_id)
)


@dataclass(frozen=True, slots=True)
class StoredWork:
    """What a conversation's row says of the work on it."""

    practice_id: UUID
    id: UUID
    patient_id: UUID
    state: ConversationState
    assigned_to: UUID | None
    unread_answers: int

    def change(self, kind: ChangeKind, now: datetime) -> Change:
        """What those who follow the practice are told."""
        return Change(kind, self.practice_id, self.patient_id, self.id, None, now)


async def lock(tx: AsyncConnection, practice_id: UUID, conversation_id: UUID) -> StoredWork | None:
    """The conversation, locked before any of its messages; None where the practice has no such one."""
    found = await _locked(
        tx, _CONVERSATION.c.practice_id == practice_id, _CONVERSATION.c.id == conversation_id
    )
    return found[0] if found else None


async def lock_of(
    tx: AsyncConnection, practice_id: UUID, staff_id: UUID, *, left: bool = False
) -> list[StoredWork]:
    """All that is assigned to a staff member, or, with `left`, was until the member was disabled; locked."""
    whose = _CONVERSATION.c.assigned_to == staff_id
    if left:
        whose = or_(whose, _CONVERSATION.c.left_by == staff_id)
    return await _locked(tx, _CONVERSATION.c.practice_id == practice_id, whose)


async def set_state(tx: AsyncConnection, work: StoredWork, state: ConversationState) -> None:
    """Open or done; the conversation is locked."""
    await tx.execute(update(_CONVERSATION).where(_is(work)).values(state=state))


async def assign(
    tx: AsyncConnection,
    works: Collection[StoredWork],
    staff_id: UUID | None,
    *,
    left_by: UUID | None = None,
) -> None:
    """Give these to a staff member or to nobody; the conversations are locked."""
    if works:
        practice_id = next(iter(works)).practice_id
        these = and_(
            _CONVERSATION.c.practice_id == practice_id, _CONVERSATION.c.id.in_([each.id for each in works])
        )
        values = {"assigned_to": staff_id, "left_by": left_by}
        await tx.execute(update(_CONVERSATION).where(these).values(values))


async def announce(
    tx: AsyncConnection, work: StoredWork, staff_id: UUID, now: datetime, until: datetime
) -> bool:
    """The staff member is answering until then; says whether that is news. The conversation is locked."""
    known = await answering(tx, work.practice_id, [work.id], now)
    row = {
        "practice_id": work.practice_id,
        "conversation_id": work.id,
        "staff_id": staff_id,
        "until": until,
    }
    statement = insert(_ANSWERING).values(row)
    await tx.execute(
        statement.on_conflict_do_update(
            index_elements=_ANSWERING.primary_key, set_={"until": statement.excluded.until}
        )
    )
    return all(each.staff_id != staff_id for each in known.get(work.id, ()))


async def withdraw(tx: AsyncConnection, work: StoredWork, staff_id: UUID, now: datetime) -> bool:
    """The staff member has stopped answering; says whether that is news. Forgets whose time is over, too."""
    of_this = (_ANSWERING.c.practice_id == work.practice_id, _ANSWERING.c.conversation_id == work.id)
    over = or_(_ANSWERING.c.staff_id == staff_id, _ANSWERING.c.until <= now)
    gone = delete(_ANSWERING).where(*of_this, over).returning(_ANSWERING.c.staff_id, _ANSWERING.c.until)
    return any(row.staff_id == staff_id and row.until > now for row in await tx.execute(gone))


async def answering(
    tx: AsyncConnection, practice_id: UUID, conversation_ids: Collection[UUID], now: datetime
) -> Mapping[UUID, list[StaffAnswering]]:
    """Who is answering each of these right now."""
    values = {"practice": practice_id, "conversations": list(conversation_ids), "now": now}
    found: dict[UUID, list[StaffAnswering]] = {}
    for row in await tx.execute(_ANSWERING_NOW, values):
        found.setdefault(row.conversation_id, []).append(
            StaffAnswering(row.conversation_id, row.staff_id, row.until)
        )
    return found


async def _locked(tx: AsyncConnection, *conditions: ColumnElement[bool]) -> list[StoredWork]:
    query = (
        select(_CONVERSATION).where(*conditions).order_by(_CONVERSATION.c.id).with_for_update(key_share=True)
    )
    return [_work(row) for row in await tx.execute(query)]


def _work(row: Row[Any]) -> StoredWork:
    return StoredWork(
        practice_id=row.practice_id,
        id=row.id,
        patient_id=row.patient_id,
        state=ConversationState(row.state),
        assigned_to=row.assigned_to,
        unread_answers=row.unread_answers,
    )


def _is(work: StoredWork) -> ColumnElement[bool]:
    return and_(_CONVERSATION.c.practice_id == work.practice_id, _CONVERSATION.c.id == work.id)
