"""What the filters of the practice's list mean to the database, each in reach of an index."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, select, union_all

from services.messaging import tables
from services.messaging.work.domain import OF_MESSAGES, OF_PATIENT, ConversationState, WorkFilter, WorkKind

_CONVERSATION: Final = tables.conversation
_UNREAD: Final = tables.unread_message
_AUTHOR: Final = tables.conversation_author
_TASK: Final = tables.identity_task
_KINDS: Final = {
    WorkFilter.DUE: WorkKind.DUE,
    WorkFilter.FAILED: WorkKind.FAILED,
    WorkFilter.UNREAD_ANSWERS: WorkKind.UNREAD_ANSWER,
    WorkFilter.HELD: WorkKind.HELD,
}
_IS_OPEN: Final = _CONVERSATION.c.state == ConversationState.OPEN


def condition(wanted: WorkFilter, practice_id: UUID, caller_id: UUID, now: datetime) -> ColumnElement[bool]:
    """What must hold of a conversation's row; of ALL it is what holds of those that come first."""
    if wanted is WorkFilter.OPEN:
        return _IS_OPEN
    if wanted is WorkFilter.DONE:
        return _CONVERSATION.c.state == ConversationState.DONE
    if wanted is WorkFilter.ASSIGNED_TO_ME:
        return _IS_OPEN & (_CONVERSATION.c.assigned_to == caller_id)
    return _CONVERSATION.c.id.in_(_members(wanted, practice_id, caller_id, now))


def _members(wanted: WorkFilter, practice_id: UUID, caller_id: UUID, now: datetime) -> Select[tuple[UUID]]:
    if wanted is WorkFilter.SENT_BY_ME:
        return select(_AUTHOR.c.conversation_id).where(
            _AUTHOR.c.practice_id == practice_id, _AUTHOR.c.author_id == caller_id
        )
    if wanted is WorkFilter.UNREAD_BY_PATIENT:
        return select(_UNREAD.c.conversation_id).where(
            _UNREAD.c.practice_id == practice_id, _UNREAD.c.kind.in_(OF_PATIENT)
        )
    if wanted in (WorkFilter.NEEDS_SOMEBODY, WorkFilter.ALL):
        return _first(union_all(_waiting(practice_id, OF_MESSAGES, now), _with_task(practice_id)))
    return _first(_waiting(practice_id, [_KINDS[wanted]], now))


def _first(few: CompoundSelect[tuple[UUID]] | Select[tuple[UUID]]) -> Select[tuple[UUID]]:
    """Looked up before the conversations: what is overdue stands far behind the newest ones."""
    these = few.cte("these").prefix_with("MATERIALIZED", dialect="postgresql")
    return select(these.c[0])


def _waiting(practice_id: UUID, kinds: Sequence[WorkKind], now: datetime) -> Select[tuple[UUID]]:
    return select(_UNREAD.c.conversation_id).where(
        _UNREAD.c.practice_id == practice_id,
        _UNREAD.c.kind.in_(kinds),
        _UNREAD.c.since <= now,
        _UNREAD.c.settled_at.is_(None),
    )


def _with_task(practice_id: UUID) -> Select[tuple[UUID]]:
    """identity's tasks are about patients."""
    conversation = _CONVERSATION.alias()
    same = (conversation.c.practice_id == _TASK.c.practice_id) & (
        conversation.c.patient_id == _TASK.c.patient_id
    )
    return (
        select(conversation.c.id)
        .join_from(_TASK, conversation, same)
        .where(_TASK.c.practice_id == practice_id, ~_TASK.c.closed)
    )
