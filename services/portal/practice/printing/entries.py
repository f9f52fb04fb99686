"""One message as it stands on paper: a pure view of what messaging says."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from praxispost.identity.v1.staff_pb2 import StaffRole
from praxispost.messaging.v1.messaging_pb2 import (
    AuthorKind,
    Direction,
    Message,
    MessageAttachment,
    MessageSummary,
    Reader,
    ReceiptState,
    ReceivedEvidence,
)
from services.portal.practice.conversation.bubbles import erased, withdrawn
from services.portal.practice.names import Colleagues
from services.portal.purposes import PURPOSES
from services.portal.receipts import attachments_opened, failure
from services.portal.words import Words, mark

_ROLES: Final[Mapping[StaffRole.ValueType, str]] = {
    StaffRole.STAFF_ROLE_ADMIN: mark("Verwaltung"),
    StaffRole.STAFF_ROLE_PHYSICIAN: mark("Ärztin / Arzt"),
    StaffRole.STAFF_ROLE_ASSISTANT: mark("Medizinische Fachangestellte / Empfang"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """A message. `text` is missing where it was not opened, and `why_not` says why; `facts` is what became of
    it, in the order of time."""

    when: str
    author: str
    role: str
    is_ours: bool
    purpose: str
    subject: str
    text: str | None
    why_not: str
    attachments: Sequence[MessageAttachment]
    attachment_count: int
    facts: Sequence[str]


def is_readable(message: MessageSummary) -> bool:
    """Whether its text can stand on paper without anybody opening it: what the practice wrote, and what was
    opened already. Printing opens nothing."""
    is_open = message.receipt.state == ReceiptState.RECEIPT_STATE_READ
    is_ours = message.direction == Direction.DIRECTION_TO_PATIENT
    return not message.HasField("erased_at") and (is_ours or is_open)


def entry_of(
    words: Words, message: MessageSummary, text: Message | None, colleagues: Colleagues, patient: str
) -> Entry:
    """A message, with its text where there is one to print."""
    is_ours = message.direction == Direction.DIRECTION_TO_PATIENT
    author, role = _author(words, message, colleagues, patient)
    return Entry(
        when=words.moment(message.sent_at),
        author=author,
        role=role,
        is_ours=is_ours,
        purpose=PURPOSES.name(words, message.purpose) if is_ours else "",
        subject=_subject(words, message),
        text=None if text is None else text.body,
        why_not="" if text is not None else _why_not(words, message),
        attachments=() if text is None else text.attachments,
        attachment_count=message.attachment_count,
        facts=tuple(_facts(words, message)),
    )


def _author(words: Words, message: MessageSummary, colleagues: Colleagues, patient: str) -> tuple[str, str]:
    if message.author_kind == AuthorKind.AUTHOR_KIND_ACCOUNT:
        return patient, words.say("Patient:in oder Vertretung")
    member = colleagues.members.get(message.author_id)
    role = "" if member is None else _ROLES.get(member.role, "")
    return colleagues.author(message), words.say(role) if role else ""


def _subject(words: Words, message: MessageSummary) -> str:
    if message.subject or not message.in_reply_to_subject:
        return message.subject
    return words.say("Antwort auf „%(subject)s“", subject=message.in_reply_to_subject)


def _why_not(words: Words, message: MessageSummary) -> str:
    if message.HasField("erased_at"):
        return words.say("Der Inhalt ist gelöscht.")
    return words.say(
        "Diese Antwort hat in der Praxis noch niemand geöffnet. "
        "Drucken öffnet sie nicht: Lesen Sie sie in der Unterhaltung, dann drucken Sie noch einmal."
    )


def _facts(words: Words, message: MessageSummary) -> Iterator[str]:
    yield from (_of_ours if message.direction == Direction.DIRECTION_TO_PATIENT else _of_answer)(
        words, message
    )
    if message.HasField("withdrawn_at"):
        yield withdrawn(words, message)
    if message.HasField("erased_at"):
        yield erased(words, message)


def _of_answer(words: Words, message: MessageSummary) -> Iterator[str]:
    yield words.say("In der Praxis eingegangen %(time)s.", time=words.moment(message.sent_at))
    if message.receipt.HasField("read_at"):
        yield words.say("In der Praxis geöffnet %(time)s.", time=words.moment(message.receipt.read_at))


def _of_ours(words: Words, message: MessageSummary) -> Iterator[str]:
    receipt = message.receipt
    if receipt.state == ReceiptState.RECEIPT_STATE_HELD:
        yield words.say("Angehalten, bis eine zweite Person die Nachricht freigibt. Noch nicht gesandt.")
        return
    if receipt.state == ReceiptState.RECEIPT_STATE_REJECTED:
        yield words.say("Angehalten und nicht freigegeben. Nie gesandt.")
        return
    yield words.say("Im Postfach %(time)s.", time=words.moment(receipt.queued_at))
    yield from _of_prompt(words, message)
    if receipt.HasField("read_at"):
        is_other = receipt.read_by == Reader.READER_REPRESENTATIVE
        who = words.say("Vertretung") if is_other else words.say("Patient:in")
        yield words.say("Geöffnet %(time)s von %(who)s.", time=words.moment(receipt.read_at), who=who)
    else:
        yield words.say("Noch nicht geöffnet.")
    if message.attachment_count:
        yield f"{attachments_opened(words, message)}."
    if message.HasField("replies_closed_at"):
        at = words.moment(message.replies_closed_at)
        yield words.say("Für Antworten geschlossen %(time)s.", time=at)


def _of_prompt(words: Words, message: MessageSummary) -> Iterator[str]:
    receipt = message.receipt
    if receipt.HasField("sent_at"):
        yield words.say("Hinweis versandt %(time)s.", time=words.moment(receipt.sent_at))
    if receipt.HasField("received_at"):
        at = words.moment(receipt.received_at)
        if receipt.received_evidence == ReceivedEvidence.RECEIVED_EVIDENCE_SHOWN_IN_MAILBOX:
            yield words.say("Im Postfach angezeigt %(time)s.", time=at)
        else:
            yield words.say("Vom Mailserver angenommen %(time)s.", time=at)
    if receipt.state == ReceiptState.RECEIPT_STATE_FAILED:
        reason, _ = failure(words, receipt.failure_reason)
        at = words.moment(receipt.failed_at)
        yield words.say("Hinweis nicht angekommen %(time)s: %(reason)s.", time=at, reason=reason)
