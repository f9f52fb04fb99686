"""What changed in a practice: which message, and in which way."""

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


class ChangeKind(enum.IntEnum):
    """What changed."""

    MESSAGE = 1
    RECEIPT = 2


@dataclass(frozen=True, slots=True)
class Change:
    """Says what to read again."""

    kind: ChangeKind
    practice_id: UUID
    patient_id: UUID
    conversation_id: UUID
    message_id: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Counted:
    """A change with its number: without gaps, and in the order of the commits of its practice."""

    sequence: int
    change: Change
