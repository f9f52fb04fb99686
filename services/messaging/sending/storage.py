"""Stores a message with all that belongs to it; the conversation's row is locked first."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.idempotency import request_id_reused
from services.messaging import tables
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import receipt_values
from services.messaging.messages.sealing import ContentSealer
from services.messaging.receipts import storage as receipts
from services.messaging.receipts.domain import first_receipt
from services.messaging.receipts.facts import Fact, FactKind, fact_id
from services.messaging.sending.domain import Attachment, Draft, reply_until
from services.messaging.work import unread
from services.messaging.work.domain import ConversationState

_CONVERSATION: Final = tables.conversation
_LEGAL_BASIS: Final = tables.legal_basis
_TICK_OF_CLOCK: Final = timedelta(microseconds=1)


async def touch_conversation(
    tx: AsyncConnection, draft: Draft, new_id: UUID, now: datetime
) -> tuple[UUID, datetime]:
    """Make this the newest message of the patient's conversation; return its id and the message's time.

    The time is later than that of the message before, so that the order within a conversation is that of
    the commits, whatever the clocks say. An answer opens the conversation again.
    """
    reopened = {"state": ConversationState.OPEN} if draft.direction is Direction.TO_PRACTICE else {}
    statement = upsert(_CONVERSATION).values(
        practice_id=draft.practice_id,
        id=new_id,
        patient_id=draft.patient_id,
        newest_message_id=draft.id,
        newest_at=now,
        unread_answers=1 if draft.direction is Direction.TO_PRACTICE else 0,
    )
    touched = statement.on_conflict_do_update(
        index_elements=[_CONVERSATION.c.practice_id, _CONVERSATION.c.patient_id],
        set_={
            "newest_message_id": statement.excluded.newest_message_id,
            "newest_at": func.greatest(
                statement.excluded.newest_at, _CONVERSATION.c.newest_at + _TICK_OF_CLOCK
            ),
            "unread_answers": _CONVERSATION.c.unread_answers + statement.excluded.unread_answers,
            **reopened,
        },
    ).returning(_CONVERSATION.c.id, _CONVERSATION.c.newest_at)
    row = (await tx.execute(touched)).one()
    return row.id, row.newest_at


async def insert_message(
    tx: AsyncConnection,
    draft: Draft,
    content: ContentSealer,
    conversation_id: UUID,
    sent_at: datetime,
    *,
    held: bool,
) -> None:
    """The message, its attachments, its first fact, and that nobody has opened it.

    Refuses REQUEST_ID_REUSED where the message exists: the answer to its request was forgotten.
    """
    receipt = first_receipt(draft.direction, sent_at, held=held)
    row = {
        "practice_id": draft.practice_id,
        "id": draft.id,
        "conversation_id": conversation_id,
        "patient_id": draft.patient_id,
        "direction": draft.direction,
        "purpose": draft.purpose,
        "author_kind": draft.author_kind,
        "author_id": draft.author_id,
        "subject": content.seal_subject(draft.subject),
        "body": content.seal_body(draft.body),
        "key_id": content.key_id,
        "sent_at": sent_at,
        "reply_until": reply_until(draft, sent_at),
        "due_at": draft.read_by,
        "in_reply_to": draft.in_reply_to,
        "attachment_count": len(draft.attachments),
        "legal_basis": _legal_basis(draft),
        **receipt_values(receipt),
    }
    new = upsert(tables.message).values(row).on_conflict_do_nothing().returning(tables.message.c.id)
    if (await tx.execute(new)).first() is None:
        raise request_id_reused()
    if draft.attachments:
        rows = [_attachment(draft, content, place, each) for place, each in enumerate(draft.attachments)]
        await tx.execute(insert(tables.message_attachment).values(rows))
    kind = FactKind.HELD if held else FactKind.QUEUED
    first = Fact(fact_id(draft.id, kind), kind, sent_at)
    await receipts.add(tx, [receipts.NewFact(draft.practice_id, draft.id, first)])
    await unread.stored(tx, draft, conversation_id, sent_at, receipt)


def _legal_basis(draft: Draft) -> object:
    """The number of the practice's newest one, in the same statement; answers need none."""
    if draft.direction is Direction.TO_PRACTICE:
        return 0
    newest = func.coalesce(func.max(_LEGAL_BASIS.c.version), 0)
    return select(newest).where(_LEGAL_BASIS.c.practice_id == draft.practice_id).scalar_subquery()


def _attachment(
    draft: Draft, content: ContentSealer, position: int, attachment: Attachment
) -> dict[str, object]:
    return {
        "practice_id": draft.practice_id,
        "message_id": draft.id,
        "position": position,
        "attachment_id": attachment.id,
        "file_name": content.seal_file_name(attachment.id, attachment.file_name),
        "media_type": attachment.media_type,
        "size": attachment.size,
        "sha256": content.seal_sha256(attachment.id, attachment.sha256),
    }
