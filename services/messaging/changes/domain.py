"""What changed in a practice: which message, and in which way."""

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID


class ChangeKind(enum.IntEnum):
    """What changed."""

    MESSAGE = 1
    RECEIPT = 2
    WORK = 20
    ANSWERING = 21
    TASK = 22
    WITHDRAWAL = 30
    DRAFT = 31
    HELD = 40


# What is nobody's business but the practice's.
OF_PRACTICE: Final = frozenset(
    {ChangeKind.WORK, ChangeKind.ANSWERING, ChangeKind.TASK, ChangeKind.HELD, ChangeKind.DRAFT}
)


@dataclass(frozen=True, slots=True)
class Change:
    """Says what to read again; tasks and drafts have no conversation, and only some are about one message."""

    kind: ChangeKind
    practice_id: UUID
    patient_id: UUID
    conversation_id: UUID | None
    message_id: UUID | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """A change with its number: without gaps, and in the order of the commits of its practice."""

    sequence: int
    change: Change
