"""What the mailbox says of each message before it is opened."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from praxispost.messaging.v1.messaging_pb2 import Direction, MessageSummary, ReceiptState
from services.portal.mailbox.recipients import Recipient, Recipients
from services.portal.words import Words, mark

Kind: TypeAlias = Literal["unread", "read", "answer", "withdrawn", "erased"]

_WITHDRAWN: Final = mark("Zurückgezogene Nachricht")
_ERASED: Final = mark("Gelöschte Nachricht")
_ANSWER_TO: Final = mark("Antwort auf „%(subject)s“")
_ANSWER: Final = mark("Antwort")
_PRACTICE: Final = mark("Ihre Praxis")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the mailbox. `recipient` is missing where it need not be said for whom it is."""

    id: str
    path: str
    kind: Kind
    practice: str
    title: str
    when: str
    at: datetime
    recipient: Recipient | None
    attachments: int
    opened_by_practice: bool


def entries(
    messages: Sequence[MessageSummary], recipients: Recipients, words: Words, now: datetime
) -> list[Entry]:
    """The lines of a page."""
    return [_entry(each, recipients, words, now) for each in messages]


def path_of(practice_id: str, message_id: str) -> str:
    """Where a message is."""
    return f"/mailbox/messages/{practice_id}/{message_id}"


def kind_of(message: MessageSummary) -> Kind:
    """What the message is for the person who looks."""
    if message.HasField("withdrawn_at"):
        return "withdrawn"
    if message.HasField("erased_at"):
        return "erased"
    if message.direction == Direction.DIRECTION_TO_PRACTICE:
        return "answer"
    return "read" if message.receipt.HasField("read_at") else "unread"


def _entry(message: MessageSummary, recipients: Recipients, words: Words, now: datetime) -> Entry:
    kind = kind_of(message)
    return Entry(
        id=message.id,
        path=path_of(message.practice_id, message.in_reply_to or message.id),
        kind=kind,
        practice=recipients.binding(message.patient_id).practice_name or words.say(_PRACTICE),
        title=_title(message, kind, words),
        when=words.recently(message.sent_at, now),
        at=words.local(message.sent_at),
        recipient=recipients.of(message.patient_id) if recipients.are_several else None,
        attachments=message.attachment_count,
        opened_by_practice=message.receipt.state == ReceiptState.RECEIPT_STATE_READ,
    )


def _title(message: MessageSummary, kind: Kind, words: Words) -> str:
    if kind == "withdrawn":
        return words.say(_WITHDRAWN)
    if kind == "erased":
        return words.say(_ERASED)
    if kind == "answer":
        subject = message.in_reply_to_subject
        return words.say(_ANSWER_TO, subject=subject) if subject else words.say(_ANSWER)
    return message.subject
