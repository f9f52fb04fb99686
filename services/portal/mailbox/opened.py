"""A message as its page shows it: the text, the answers to it, and whether one more may be sent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from praxispost.identity.v1.accounts_pb2 import Binding
from praxispost.messaging.v1.messaging_pb2 import Message, ReceiptState
from services.portal.mailbox.entries import Kind, kind_of
from services.portal.mailbox.recipients import Recipient, Recipients


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of the patient's side. `is_own`: the person who looks wrote it."""

    message: Message
    is_own: bool
    opened_by_practice: bool


@dataclass(frozen=True, slots=True)
class Opened:
    """The message. `recipient` is missing where it need not be said for whom it is."""

    message: Message
    kind: Kind
    practice: Binding
    recipient: Recipient | None
    answers: Sequence[Answer]
    may_answer: bool

    @property
    def practice_number(self) -> str:
        """The practice's telephone number as a phone dials it (RFC 3966)."""
        known = self.practice.practice_phone.replace("(0)", "")
        return "".join(each for each in known if each.isdecimal() or each == "+")


def opened(messages: Sequence[Message], recipients: Recipients, account_id: str, now: datetime) -> Opened:
    """The first of the messages, with the others as answers to it."""
    message, *answers = messages
    summary = message.summary
    in_time = summary.reply_until.ToDatetime(UTC) > now
    return Opened(
        message=message,
        kind=kind_of(summary),
        practice=recipients.binding(summary.patient_id),
        recipient=recipients.of(summary.patient_id) if recipients.are_several else None,
        answers=[_answer(each, account_id) for each in answers],
        may_answer=summary.reply_allowed and in_time,
    )


def _answer(message: Message, account_id: str) -> Answer:
    summary = message.summary
    return Answer(
        message,
        is_own=summary.author_id == account_id,
        opened_by_practice=summary.receipt.state == ReceiptState.RECEIPT_STATE_READ,
    )
