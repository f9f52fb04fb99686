"""Messaging's answers as the contracts carry them."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.caller import Caller
from praxispost.messaging.v1 import messaging_pb2 as wire
from services.messaging.callers import is_account
from services.messaging.changes.domain import Change
from services.messaging.guard.records import HoldDecision
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import StoredMessage
from services.messaging.reading.content import Content, Summary
from services.messaging.reading.listing import ConversationLine
from services.messaging.receipts.facts import Fact
from services.messaging.sending.domain import Attachment
from services.messaging.times import optional_timestamp, timestamp
from services.messaging.work.domain import StaffAnswering

# The numbers of the domain's enumerations are those of the contracts; a test compares them.
_NOT_GIVEN: Final = 0


def receipt(message: StoredMessage) -> wire.Receipt:
    """What is known of the message's arrival."""
    known = message.receipt
    return wire.Receipt(
        state=wire.ReceiptState.ValueType(known.state),
        queued_at=timestamp(message.queued_at),
        sent_at=optional_timestamp(known.sent_at),
        received_at=optional_timestamp(known.received_at),
        received_evidence=wire.ReceivedEvidence.ValueType(known.evidence or _NOT_GIVEN),
        read_at=optional_timestamp(known.read_at),
        read_by=wire.Reader.ValueType(known.read_by or _NOT_GIVEN),
        failed_at=optional_timestamp(known.failed_at),
        failure_reason=wire.FailureReason.ValueType(known.failure or _NOT_GIVEN),
        delayed_at=optional_timestamp(known.delayed_at),
        unconfirmed_from=optional_timestamp(_unconfirmed_from(message)),
        attachments_opened=known.attachments_opened,
    )


def _unconfirmed_from(message: StoredMessage) -> datetime | None:
    """Answers lie in the practice's inbox: there is nothing to confirm."""
    return message.receipt.unconfirmed_from if message.direction is Direction.TO_PATIENT else None


def summary(shown: Summary, caller: Caller) -> wire.MessageSummary:
    """A message without its text.

    Patients learn neither which member of the practice wrote, nor the subject of what was withdrawn, nor why.
    """
    message = shown.message
    hidden = is_account(caller) and message.direction is Direction.TO_PATIENT
    blocked = is_account(caller) and message.withdrawn_at is not None
    answerable = message.reply_until is not None and not (message.withdrawn_at or message.replies_closed_at)
    return wire.MessageSummary(
        id=str(message.id),
        practice_id=str(message.practice_id),
        patient_id=str(message.patient_id),
        conversation_id=str(message.conversation_id),
        direction=wire.Direction.ValueType(message.direction),
        purpose=wire.Purpose.ValueType(message.purpose or _NOT_GIVEN),
        subject=_subject(shown, caller),
        sent_at=timestamp(message.sent_at),
        reply_allowed=answerable,
        reply_until=optional_timestamp(message.reply_until) if answerable else None,
        in_reply_to=str(message.in_reply_to or ""),
        attachment_count=message.attachment_count,
        author_kind=wire.AuthorKind.ValueType(message.author_kind),
        author_id="" if hidden else str(message.author_id),
        receipt=receipt(message),
        read_by=optional_timestamp(message.due_at),
        withdrawn_at=optional_timestamp(message.withdrawn_at),
        withdrawal_reason=wire.WithdrawalReason.ValueType(
            _NOT_GIVEN if blocked else message.withdrawal_reason or _NOT_GIVEN
        ),
        replies_closed_at=optional_timestamp(message.replies_closed_at),
        erased_at=optional_timestamp(message.erased_at),
        in_reply_to_subject=_subject(shown.answered, caller) if shown.answered and not blocked else "",
    )


def _subject(shown: Summary, caller: Caller) -> str:
    return "" if is_account(caller) and shown.message.withdrawn_at is not None else shown.subject


def summaries(shown: Iterable[Summary], caller: Caller) -> list[wire.MessageSummary]:
    """Messages without their texts."""
    return [summary(each, caller) for each in shown]


def message(content: Content, grants: Mapping[UUID, str], caller: Caller) -> wire.Message:
    """A message with its text and, for each attachment, the grant to download it."""
    return wire.Message(
        summary=summary(content.summary, caller),
        body=content.body,
        attachments=[attachment(each, grants[each.id]) for each in content.attachments],
    )


def attachment(document: Attachment, grant: str) -> wire.MessageAttachment:
    """A document with the grant to download it."""
    return wire.MessageAttachment(
        id=str(document.id),
        file_name=document.file_name,
        media_type=document.media_type,
        size=document.size,
        sha256=document.sha256,
        grant=grant,
    )


def conversation(line: ConversationLine, caller: Caller) -> wire.Conversation:
    """A conversation with its newest message."""
    return wire.Conversation(
        id=str(line.id),
        patient_id=str(line.newest.message.patient_id),
        newest=summary(line.newest, caller),
        unread_answers=line.unread_answers,
        state=wire.ConversationState.ValueType(line.state),
        assigned_to=str(line.assigned_to or ""),
        answering=[answering(each) for each in line.answering],
        unread_by_patient=line.unread_by_patient,
        failed=line.failed,
        due=line.due,
        held=line.held,
        patient_tasks=line.patient_tasks,
        drafts=line.drafts,
    )


def answering(known: StaffAnswering) -> wire.Answering:
    """A staff member who is answering right now."""
    return wire.Answering(staff_id=str(known.staff_id), until=timestamp(known.until))


def fact(known: Fact) -> wire.ReceiptFact:
    """One thing that happened."""
    return wire.ReceiptFact(
        kind=wire.ReceiptFactKind.ValueType(known.kind),
        at=timestamp(known.at),
        failure_reason=wire.FailureReason.ValueType(known.failure or _NOT_GIVEN),
        reader=wire.Reader.ValueType(known.reader or _NOT_GIVEN),
        attachment_id=str(known.attachment_id or ""),
    )


def hold_decision(known: HoldDecision | None) -> wire.HoldDecision | None:
    """What was decided about a message that was held."""
    if known is None:
        return None
    return wire.HoldDecision(
        confirmed=known.confirmed,
        decided_at=timestamp(known.decided_at),
        decided_by=str(known.decided_by),
        reason=known.reason,
    )


def change(what: Change) -> wire.Change:
    """What to read again."""
    return wire.Change(
        kind=wire.ChangeKind.ValueType(what.kind),
        practice_id=str(what.practice_id),
        patient_id=str(what.patient_id),
        conversation_id=str(what.conversation_id or ""),
        message_id=str(what.message_id or ""),
        at=timestamp(what.at),
    )
