"""Reads the tasks and their counts; each kind comes from its index in its order."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    DateTime,
    Select,
    Uuid,
    and_,
    bindparam,
    cast,
    column,
    func,
    null,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.paging import Position
from services.messaging import tables
from services.messaging.messages.rows import SUMMARY_COLUMNS, StoredMessage, stored_message
from services.messaging.work.domain import (
    OF_IDENTITY,
    OF_MESSAGES,
    OF_PATIENT,
    ConversationState,
    Task,
    WorkKind,
)

_UNREAD: Final = tables.unread_message
_TASK: Final = tables.identity_task
_MESSAGE: Final = tables.message
_CONVERSATION: Final = tables.conversation
_DRAFT: Final = tables.draft


# What every page asks for is put together once, and asked for with arrays: their length changes nothing.
_PRACTICE: Final = bindparam("practice", type_=Uuid)
_CONVERSATIONS: Final = (
    func.unnest(bindparam("conversations", type_=ARRAY(Uuid)))
    .table_valued(column("id", Uuid))
    .render_derived(name="given")
)
_CURRENT: Final = and_(
    _UNREAD.c.since <= bindparam("now", type_=DateTime(timezone=True)), _UNREAD.c.settled_at.is_(None)
)
# Each by itself: how much else is unread in the practice must not matter.
_UNREAD_OF_EACH: Final = (
    select(_UNREAD.c.kind, _CURRENT.label("current"), func.count().label("many"))
    .where(
        _UNREAD.c.practice_id == _PRACTICE,
        _UNREAD.c.conversation_id == _CONVERSATIONS.c.id,
        or_(*(_UNREAD.c.kind == each for each in (*OF_PATIENT, WorkKind.HELD))),
    )
    .group_by(_UNREAD.c.kind, _CURRENT)
    .correlate(_CONVERSATIONS)
    .lateral("unread")
)
_UNREAD_OF: Final = select(_CONVERSATIONS.c.id, _UNREAD_OF_EACH).join_from(
    _CONVERSATIONS, _UNREAD_OF_EACH, true()
)
_PATIENTS: Final = bindparam("patients", type_=ARRAY(Uuid))
_PATIENT: Final = func.unnest(_PATIENTS).table_valued(column("id", Uuid)).render_derived(name="given")
_PENDING: Final = select(
    _PATIENT.c.id,
    select(func.count())
    .where(_TASK.c.practice_id == _PRACTICE, ~_TASK.c.closed, _TASK.c.patient_id == _PATIENT.c.id)
    .correlate(_PATIENT)
    .scalar_subquery()
    .label("tasks"),
    select(func.count())
    .where(_DRAFT.c.practice_id == _PRACTICE, _DRAFT.c.patient_id == _PATIENT.c.id)
    .correlate(_PATIENT)
    .scalar_subquery()
    .label("drafts"),
)
_GIVEN: Final = (
    func.unnest(bindparam("practices", type_=ARRAY(Uuid)), _PATIENTS)
    .table_valued(column("practice_id", Uuid), column("patient_id", Uuid))
    .render_derived(name="given")
)
_UNREAD_BY_PATIENTS: Final = (
    select(_CONVERSATION.c.practice_id, _CONVERSATION.c.patient_id, func.count().label("many"))
    .join_from(
        _GIVEN,
        _CONVERSATION,
        and_(
            _CONVERSATION.c.practice_id == _GIVEN.c.practice_id,
            _CONVERSATION.c.patient_id == _GIVEN.c.patient_id,
        ),
    )
    .join(
        _UNREAD,
        and_(
            _UNREAD.c.practice_id == _CONVERSATION.c.practice_id,
            _UNREAD.c.conversation_id == _CONVERSATION.c.id,
            or_(*(_UNREAD.c.kind == each for each in OF_PATIENT)),
        ),
    )
    .group_by(_CONVERSATION.c.practice_id, _CONVERSATION.c.patient_id)
    .order_by(_CONVERSATION.c.practice_id, _CONVERSATION.c.patient_id)
)


@dataclass(frozen=True, slots=True)
class Pending:
    """What else waits about a patient: identity's open tasks, and drafts."""

    tasks: int
    drafts: int


@dataclass(frozen=True, slots=True)
class DueMessage:
    """A message that is unread and overdue."""

    message: StoredMessage
    due_at: datetime


async def page(
    tx: AsyncConnection, practice_id: UUID, after: Position | None, most: int, now: datetime
) -> list[Task]:
    """The tasks of all kinds, the one that has waited longest first.

    Of each kind only the first ones are read, so that the number of tasks does not matter.
    """
    of_messages = [_of_messages(practice_id, kind, after, most, now) for kind in OF_MESSAGES]
    of_identity = [_of_identity(practice_id, kind, after, most) for kind in OF_IDENTITY]
    merged = union_all(*(each.subquery().select() for each in (*of_messages, *of_identity))).subquery()
    query = select(merged).order_by(merged.c.since, merged.c.id).limit(most)
    return [
        Task(row.id, WorkKind(row.kind), row.patient_id, row.conversation_id, row.since)
        for row in await tx.execute(query)
    ]


async def counts(tx: AsyncConnection, practice_id: UUID, now: datetime) -> dict[WorkKind, int]:
    """How many tasks of each kind there are."""
    of_messages = (
        select(_UNREAD.c.kind, func.count().label("many"))
        .where(
            _UNREAD.c.practice_id == practice_id,
            _UNREAD.c.kind.in_(OF_MESSAGES),
            _UNREAD.c.since <= now,
            _UNREAD.c.settled_at.is_(None),
        )
        .group_by(_UNREAD.c.kind)
    )
    of_identity = (
        select(_TASK.c.kind, func.count().label("many"))
        .where(_TASK.c.practice_id == practice_id, ~_TASK.c.closed)
        .group_by(_TASK.c.kind)
    )
    rows = await tx.execute(union_all(of_messages, of_identity))
    return {WorkKind(row.kind): row.many for row in sorted(rows, key=lambda row: int(row.kind))}


async def due(
    tx: AsyncConnection, practice_id: UUID, after: Position | None, most: int, now: datetime
) -> list[DueMessage]:
    """The messages that are unread and overdue, the one that has been so longest first."""
    overdue = (
        select(_UNREAD.c.practice_id, _UNREAD.c.message_id, _UNREAD.c.due_at)
        .where(
            _UNREAD.c.practice_id == practice_id,
            _UNREAD.c.due_at <= now,
            _UNREAD.c.settled_at.is_(None),
            _UNREAD.c.kind.in_(OF_PATIENT),
            *_behind(_UNREAD.c.due_at, _UNREAD.c.message_id, after),
        )
        .order_by(_UNREAD.c.due_at, _UNREAD.c.message_id)
        .limit(most)
        .subquery()
    )
    same = and_(_MESSAGE.c.practice_id == overdue.c.practice_id, _MESSAGE.c.id == overdue.c.message_id)
    query = (
        select(overdue.c.due_at.label("overdue_since"), *SUMMARY_COLUMNS)
        .join_from(overdue, _MESSAGE, same)
        .order_by(overdue.c.due_at, overdue.c.message_id)
    )
    return [DueMessage(stored_message(row), row.overdue_since) for row in await tx.execute(query)]


async def unread_by_patient(
    tx: AsyncConnection, practice_id: UUID, conversation_ids: Sequence[UUID], now: datetime
) -> dict[UUID, dict[WorkKind | None, int]]:
    """For each of these conversations: how many are held, failed, due, and under None unread besides."""
    values = {"practice": practice_id, "conversations": list(conversation_ids), "now": now}
    found: dict[UUID, dict[WorkKind | None, int]] = {}
    for row in await tx.execute(_UNREAD_OF, values):
        of_this = found.setdefault(row.id, {})
        kind = WorkKind(row.kind) if row.current or row.kind == WorkKind.HELD else None
        of_this[kind] = of_this.get(kind, 0) + row.many
    return found


async def pending(
    tx: AsyncConnection, practice_id: UUID, patient_ids: Collection[UUID]
) -> dict[UUID, Pending]:
    """What waits about each of the patients."""
    rows = await tx.execute(_PENDING, {"practice": practice_id, "patients": list(patient_ids)})
    return {row.id: Pending(row.tasks, row.drafts) for row in rows}


async def of_caller(tx: AsyncConnection, practice_id: UUID, caller_id: UUID) -> tuple[int, int]:
    """How many open conversations are the caller's, and how many drafts the practice has."""
    assigned = select(func.count()).where(
        _CONVERSATION.c.practice_id == practice_id,
        _CONVERSATION.c.assigned_to == caller_id,
        _CONVERSATION.c.state == ConversationState.OPEN,
    )
    drafts = select(func.count()).where(_DRAFT.c.practice_id == practice_id)
    row = (await tx.execute(select(assigned.scalar_subquery(), drafts.scalar_subquery()))).one()
    return row[0], row[1]


async def count_unread(
    tx: AsyncConnection, patients: Collection[tuple[UUID, UUID]]
) -> dict[tuple[UUID, UUID], int]:
    """How many messages of the practice each of the patients, given with theirs, has not opened."""
    if not patients:
        return {}
    given = sorted(patients)
    values = {"practices": [practice_id for practice_id, _ in given], "patients": [each for _, each in given]}
    rows = await tx.execute(_UNREAD_BY_PATIENTS, values)
    return {(row.practice_id, row.patient_id): row.many for row in rows}


def _of_messages(
    practice_id: UUID, kind: WorkKind, after: Position | None, most: int, now: datetime
) -> Select[Any]:
    return (
        select(
            _UNREAD.c.message_id.label("id"),
            _UNREAD.c.kind,
            _UNREAD.c.patient_id,
            _UNREAD.c.conversation_id,
            _UNREAD.c.since,
        )
        .where(
            _UNREAD.c.practice_id == practice_id,
            _UNREAD.c.kind == kind,
            _UNREAD.c.since <= now,
            _UNREAD.c.settled_at.is_(None),
            *_behind(_UNREAD.c.since, _UNREAD.c.message_id, after),
        )
        .order_by(_UNREAD.c.since, _UNREAD.c.message_id)
        .limit(most)
    )


def _of_identity(practice_id: UUID, kind: WorkKind, after: Position | None, most: int) -> Select[Any]:
    nowhere = cast(null(), Uuid).label("conversation_id")
    return (
        select(_TASK.c.id, _TASK.c.kind, _TASK.c.patient_id, nowhere, _TASK.c.opened_at.label("since"))
        .where(
            _TASK.c.practice_id == practice_id,
            _TASK.c.kind == kind,
            ~_TASK.c.closed,
            *_behind(_TASK.c.opened_at, _TASK.c.id, after),
        )
        .order_by(_TASK.c.opened_at, _TASK.c.id)
        .limit(most)
    )


def _behind(at: Any, identifier: Any, after: Position | None) -> list[Any]:
    return [] if after is None else [tuple_(at, identifier) > tuple_(after.at, after.id)]
