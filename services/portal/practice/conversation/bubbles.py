"""One message as the conversation shows it: a pure view of what messaging says."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from praxispost.messaging.v1.messaging_pb2 import (
    Direction,
    Message,
    MessageSummary,
    ReceiptState,
)
from services.portal.practice.inbox.rows import subject_of
from services.portal.practice.names import Colleagues
from services.portal.purposes import PURPOSES, WITHDRAWAL_REASONS
from services.portal.receipts import Tick, attachments_opened, failure, tick_of
from services.portal.words import Words

_WAITING = (ReceiptState.RECEIPT_STATE_HELD, ReceiptState.RECEIPT_STATE_REJECTED)


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message. `text` is missing where it was not opened; `is_new`: nobody of the practice had opened it;
    `remarks` stand below the text, each is one sentence."""

    id: str
    is_ours: bool
    is_new: bool
    can_open: bool
    author: str
    purpose: str
    subject: str
    at: datetime
    when: str
    tick: Tick
    text: Message | None
    attachment_count: int
    withdrawn: str
    erased: str
    failed: str
    remarks: Sequence[str]


def bubble_of(
    words: Words, now: datetime, message: MessageSummary, text: Message | None, colleagues: Colleagues
) -> Bubble:
    """A message, with its text where it was opened."""
    is_ours = message.direction == Direction.DIRECTION_TO_PATIENT
    is_read = message.receipt.state == ReceiptState.RECEIPT_STATE_READ
    return Bubble(
        id=message.id,
        is_ours=is_ours,
        is_new=not is_ours and not is_read,
        can_open=not message.HasField("erased_at"),
        author=colleagues.author(message),
        purpose=PURPOSES.name(words, message.purpose) if is_ours else "",
        subject="" if message.HasField("erased_at") else subject_of(words, message),
        at=message.sent_at.ToDatetime(UTC),
        when=words.moment(message.sent_at),
        tick=tick_of(words, message, now),
        text=text,
        attachment_count=message.attachment_count,
        withdrawn=withdrawn(words, message),
        erased=erased(words, message),
        failed=_failed(words, message),
        remarks=_remarks(words, message, now) if is_ours else (),
    )


def withdrawn(words: Words, message: MessageSummary) -> str:
    """That a message was withdrawn, when and why; empty where it was not."""
    if not message.HasField("withdrawn_at"):
        return ""
    at, reason = words.moment(message.withdrawn_at), WITHDRAWAL_REASONS.name(words, message.withdrawal_reason)
    return words.say("Zurückgezogen %(time)s: %(reason)s.", time=at, reason=reason)


def erased(words: Words, message: MessageSummary) -> str:
    """That a message's content was erased, and when; empty where it was not."""
    if not message.HasField("erased_at"):
        return ""
    return words.say("Der Inhalt wurde gelöscht: %(time)s.", time=words.moment(message.erased_at))


def _failed(words: Words, message: MessageSummary) -> str:
    """Why no prompt reached the patient and what to do, while that is to be done."""
    is_failed = message.receipt.state == ReceiptState.RECEIPT_STATE_FAILED
    if not is_failed or message.HasField("withdrawn_at"):
        return ""
    reason, step = failure(words, message.receipt.failure_reason)
    return f"{reason}. {step}"


def _remarks(words: Words, message: MessageSummary, now: datetime) -> Sequence[str]:
    """Until when it is to be read, and whether it may be answered."""
    if message.HasField("withdrawn_at") or message.receipt.state in _WAITING:
        return ()
    remarks = []
    is_read = message.receipt.state == ReceiptState.RECEIPT_STATE_READ
    if is_read and message.attachment_count:
        remarks.append(attachments_opened(words, message))
    if message.HasField("read_by") and not is_read:
        remarks.append(words.say("gelesen bis %(time)s", time=words.moment(message.read_by)))
    if message.HasField("replies_closed_at"):
        at = words.moment(message.replies_closed_at)
        remarks.append(words.say("für Antworten geschlossen %(time)s", time=at))
    elif message.reply_allowed:
        remarks.append(_answerable(words, message, now))
    return remarks


def _answerable(words: Words, message: MessageSummary, now: datetime) -> str:
    day = words.day(words.local(message.reply_until).date())
    if message.reply_until.ToDatetime(UTC) <= now:
        return words.say("Antworten war möglich bis %(day)s", day=day)
    return words.say("darf antworten bis %(day)s", day=day)
