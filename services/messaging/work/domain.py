"""What needs somebody, and when: the rules behind the practice's lists."""

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from services.messaging import refusals
from services.messaging.messages.domain import Direction
from services.messaging.receipts.domain import Receipt, State

READ_WITHIN: Final = timedelta(days=7)
ANSWERING_LASTS: Final = timedelta(seconds=60)


class ConversationState(enum.IntEnum):
    """Whether the practice is finished with a conversation."""

    OPEN = 1
    DONE = 2


class WorkFilter(enum.IntEnum):
    """Which conversations are wanted."""

    OPEN = 1
    NEEDS_SOMEBODY = 2
    UNREAD_BY_PATIENT = 3
    DUE = 4
    FAILED = 5
    SENT_BY_ME = 6
    ASSIGNED_TO_ME = 7
    ALL = 8
    UNREAD_ANSWERS = 9
    HELD = 10
    DONE = 11


class WorkKind(enum.IntEnum):
    """What a task is about; those above 10 are identity's."""

    UNREAD_ANSWER = 1
    FAILED = 2
    DUE = 3
    HELD = 4
    WHO_READS = 11
    CANNOT_GET_IN = 12
    NOT_FOR_ME = 13
    IMPORT_DIFFERS = 14
    ADDRESS_SUSPECT = 15
    REPRESENTATION_ENDS = 16


OF_MESSAGES: Final = (WorkKind.UNREAD_ANSWER, WorkKind.FAILED, WorkKind.DUE, WorkKind.HELD)
# What the patient could read and has not read.
OF_PATIENT: Final = (WorkKind.FAILED, WorkKind.DUE)
OF_IDENTITY: Final = tuple(kind for kind in WorkKind if kind not in OF_MESSAGES)


@dataclass(frozen=True, slots=True)
class Matter:
    """Why a message may need somebody, and from when on; no time: from when it is due, or was held."""

    kind: WorkKind
    since: datetime | None


def due_at(sent_at: datetime, read_by: datetime | None = None) -> datetime:
    """From when on an unread message is overdue."""
    return sent_at + READ_WITHIN if read_by is None else read_by


def matter(direction: Direction, receipt: Receipt, sent_at: datetime) -> Matter | None:
    """What the message's receipt makes of it; None once it was opened, or where it is never sent."""
    if receipt.state in (State.READ, State.REJECTED):
        return None
    if receipt.state is State.HELD:
        return Matter(WorkKind.HELD, sent_at)
    if direction is Direction.TO_PRACTICE:
        return Matter(WorkKind.UNREAD_ANSWER, sent_at)
    if receipt.state is State.FAILED:
        return Matter(WorkKind.FAILED, receipt.failed_at)
    return Matter(WorkKind.DUE, None)


def check_done(unread_answers: int) -> None:
    """Refuse to be finished with what nobody has read."""
    if unread_answers:
        raise refusals.answers_unread()


@dataclass(frozen=True, slots=True)
class StaffAnswering:
    """A staff member who is answering right now."""

    conversation_id: UUID
    staff_id: UUID
    until: datetime


@dataclass(frozen=True, slots=True)
class Task:
    """One thing that needs somebody; identity's tasks have no conversation."""

    id: UUID
    kind: WorkKind
    patient_id: UUID
    conversation_id: UUID | None
    since: datetime
