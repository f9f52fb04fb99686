"""The rules of drafts: what one consists of, which version may be replaced, whose id its message has."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from services.messaging import refusals
from services.messaging.changes.domain import Change, ChangeKind
from services.messaging.messages.domain import Purpose
from services.messaging.sending.domain import Attachment

_DRAFTS: Final = UUID("0d3f7a52-7f1e-5c0b-8c42-6a1b2f9f4e37")


@dataclass(frozen=True, slots=True)
class DraftContent:
    """What a message will consist of; the texts may be empty, and the purpose may be missing."""

    purpose: Purpose | None
    subject: str
    body: str
    reply_allowed: bool
    reply_period_days: int
    read_by: datetime | None


@dataclass(frozen=True, slots=True)
class DraftHead:
    """What is known of a draft besides its content."""

    practice_id: UUID
    id: UUID
    patient_id: UUID
    version: int
    created_by: UUID
    created_at: datetime
    saved_by: UUID
    saved_at: datetime

    def change(self, now: datetime) -> Change:
        """What colleagues who follow the practice are told: the drafts to this patient are others now."""
        return Change(ChangeKind.DRAFT, self.practice_id, self.patient_id, None, None, now)


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft with everything readable."""

    head: DraftHead
    content: DraftContent
    attachments: tuple[Attachment, ...]


def draft_id(practice_id: UUID, actor_id: UUID, request_id: UUID) -> UUID:
    """The id of the draft that this request makes, and of its message, the same however often it is tried.

    So its attachments can be claimed for the message as soon as they are in the draft, whoever sends it.
    """
    return uuid5(_DRAFTS, f"{practice_id}/{actor_id}/{request_id}")


def check_version(head: DraftHead, version: int) -> None:
    """Refuse another version than the newest: somebody has saved since it was read."""
    if head.version != version:
        raise refusals.draft_changed(head.version)


def arranged(
    wanted: tuple[UUID, ...], held: tuple[Attachment, ...], claimed: tuple[Attachment, ...]
) -> tuple[Attachment, ...]:
    """The attachments in the order wanted: those that the draft had, and those claimed for it now."""
    known = {each.id: each for each in (*held, *claimed)}
    return tuple(known[each] for each in wanted)
