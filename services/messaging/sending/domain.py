"""The rules of sending: who may answer what, and until when."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from chassis.refusal import invalid
from services.messaging import refusals
from services.messaging.messages.domain import AuthorKind, Direction, Purpose

REPLY_PERIOD_DAYS: Final = 30
LONGEST_REPLY_PERIOD_DAYS: Final = 365
LATEST_READ_BY: Final = timedelta(days=365)
LONGEST_SUBJECT: Final = 200
LONGEST_BODY: Final = 20_000
MOST_ATTACHMENTS: Final = 10


@dataclass(frozen=True, slots=True)
class Attachment:
    """What messaging keeps of a claimed document."""

    id: UUID
    file_name: str
    media_type: str
    size: int
    sha256: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A message that may be stored: checked, its attachments claimed; answers have no purpose and subject."""

    id: UUID
    practice_id: UUID
    patient_id: UUID
    direction: Direction
    author_kind: AuthorKind
    author_id: UUID
    body: str
    purpose: Purpose | None = None
    subject: str | None = None
    reply_allowed: bool = False
    reply_period_days: int = REPLY_PERIOD_DAYS
    read_by: datetime | None = None
    in_reply_to: UUID | None = None
    attachments: tuple[Attachment, ...] = ()


def reply_until(draft: Draft, stored_at: datetime) -> datetime | None:
    """Until when the patient may answer; None where that is not allowed."""
    return stored_at + timedelta(days=draft.reply_period_days) if draft.reply_allowed else None


def check_read_by(read_by: datetime | None, now: datetime) -> None:
    """Refuse a time that is over, or so far away that it can only be a mistake."""
    if read_by is not None and not now < read_by <= now + LATEST_READ_BY:
        raise invalid("read_by", f"must be within the next {LATEST_READ_BY.days} days")


def check_reply(until: datetime | None, now: datetime, *, closed: bool, withdrawn: bool) -> None:
    """Refuse the answer to a message that allows none, or none any more; an answer never allows one."""
    if until is None:
        raise refusals.reply_not_allowed()
    if withdrawn:
        raise refusals.message_withdrawn()
    if closed:
        raise refusals.replies_closed()
    if now > until:
        raise refusals.reply_period_over()
