"""Stores messages with all that belongs to them; the conversations' rows are locked first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.idempotency import request_id_reused
from chassis.many_rows import ManyRows, Row, Write, fetch, inserting, types_of, write
from services.messaging import tables
from services.messaging.guard.domain import TextHashes
from services.messaging.messages.domain import Direction
from services.messaging.messages.sealing import ContentSealer
from services.messaging.receipts import storage as receipts
from services.messaging.receipts.domain import Receipt, first_receipt
from services.messaging.receipts.facts import Fact, FactKind, fact_id
from services.messaging.sending.domain import Attachment, Draft, reply_until
from services.messaging.work import unread
from services.messaging.work.domain import ConversationState

_CONVERSATION: Final = tables.conversation
_MESSAGE: Final = tables.message
_ATTACHMENT: Final = tables.message_attachment
_TICK_OF_CLOCK: Final = timedelta(microseconds=1)

_TOUCHED: Final = "{rows} AS touched (practice_id, id, patient_id, newest_message_id, now, messages, answers)"
# In order, so that of two transactions with several conversations in common one waits for the other, and not
# both. The time leaves room for the most messages that any of the conversations gets.
_TOUCH: Final = ManyRows(
    f"""
INSERT INTO conversation (practice_id, id, patient_id, newest_message_id, newest_at, unread_answers)
SELECT
    practice_id, id, patient_id, newest_message_id, now + (messages - 1) * interval '1 microsecond', answers
FROM {_TOUCHED}
ORDER BY practice_id, patient_id
ON CONFLICT (practice_id, patient_id) DO UPDATE SET
    newest_message_id = excluded.newest_message_id,
    newest_at = greatest(
        excluded.newest_at,
        conversation.newest_at + (SELECT max(messages) * interval '1 microsecond' FROM {_TOUCHED})
    ),
    unread_answers = conversation.unread_answers + excluded.unread_answers,
    state = CASE WHEN excluded.unread_answers > 0 THEN {ConversationState.OPEN} ELSE conversation.state END
RETURNING practice_id, patient_id, id, newest_at
""",
    (
        *types_of(_CONVERSATION, "practice_id", "id", "patient_id", "newest_message_id", "newest_at"),
        "integer",
        "integer",
    ),
)
_COLUMNS: Final = (
    *("practice_id", "id", "conversation_id", "patient_id", "direction", "purpose", "author_kind"),
    *("author_id", "subject", "body", "key_id", "sent_at", "reply_until", "due_at", "in_reply_to"),
    *("attachment_count", "tick", "prompt_accepted_at"),
)
# With the number of the practice's newest legal basis; answers need none.
_INSERT: Final = ManyRows(
    f"""
INSERT INTO message ({", ".join(_COLUMNS)}, legal_basis)
SELECT new.*, CASE WHEN direction = {Direction.TO_PRACTICE} THEN 0 ELSE coalesce(
    (SELECT max(version) FROM legal_basis WHERE legal_basis.practice_id = new.practice_id), 0
) END
FROM {{rows}} AS new ({", ".join(_COLUMNS)})
ON CONFLICT DO NOTHING
""",
    types_of(_MESSAGE, *_COLUMNS),
)
_INSERT_ATTACHMENT: Final = inserting(
    _ATTACHMENT,
    *("practice_id", "message_id", "position", "attachment_id", "file_name", "media_type", "size", "sha256"),
)

Patient: TypeAlias = tuple[UUID, UUID]


@dataclass(frozen=True, slots=True)
class Placed:
    """A draft, the sealer of its content, its conversation, its time there; and, if it is held, for what."""

    draft: Draft
    content: ContentSealer
    conversation_id: UUID
    sent_at: datetime
    held: TextHashes | None


async def touch_conversations(
    tx: AsyncConnection, drafts: Sequence[Draft], new_ids: Iterable[UUID], now: datetime
) -> Sequence[tuple[UUID, datetime]]:
    """Make these, one after the other, the newest messages of their patients' conversations; return for each
    the conversation's id and the message's time.

    The time is later than that of the message before, so that the order within a conversation is that of
    the commits, whatever the clocks say. An answer opens the conversation again.
    """
    together: dict[Patient, list[Draft]] = {}
    for draft in drafts:
        together.setdefault((draft.practice_id, draft.patient_id), []).append(draft)
    rows = [
        (practice_id, new_id, patient_id, each[-1].id, now, len(each), _answers(each))
        for ((practice_id, patient_id), each), new_id in zip(together.items(), new_ids, strict=False)
    ]
    touched = {(row[0], row[1]): (row[2], row[3]) for row in await fetch(tx, _TOUCH.of(rows))}
    times: dict[UUID, tuple[UUID, datetime]] = {}
    for patient, each in together.items():
        conversation_id, newest_at = touched[patient]
        for before_newest, draft in enumerate(reversed(each)):
            times[draft.id] = conversation_id, newest_at - before_newest * _TICK_OF_CLOCK
    return [times[draft.id] for draft in drafts]


async def insert_messages(tx: AsyncConnection, placed: Sequence[Placed]) -> None:
    """Refuses REQUEST_ID_REUSED where one of them exists: the answer to its request was forgotten."""
    (inserted,) = await write(tx, _INSERT.of(_row(each) for each in placed))
    if inserted < len(placed):
        raise request_id_reused()


def adding(placed: Sequence[Placed]) -> Sequence[Write]:
    """The messages' attachments, their first facts, and that nobody has opened them."""
    stored = [
        unread.Stored(each.draft, each.conversation_id, each.sent_at, _receipt(each)) for each in placed
    ]
    return (
        _INSERT_ATTACHMENT.of(
            _attachment(each, position, attachment)
            for each in placed
            for position, attachment in enumerate(each.draft.attachments)
        ),
        receipts.adding(_first_fact(each) for each in placed),
        *unread.adding(stored),
    )


def _answers(drafts: Iterable[Draft]) -> int:
    return sum(each.direction is Direction.TO_PRACTICE for each in drafts)


def _receipt(placed: Placed) -> Receipt:
    return first_receipt(placed.draft.direction, placed.sent_at, held=placed.held is not None)


def _row(placed: Placed) -> Row:
    draft, receipt = placed.draft, _receipt(placed)
    return (
        draft.practice_id,
        draft.id,
        placed.conversation_id,
        draft.patient_id,
        draft.direction,
        draft.purpose,
        draft.author_kind,
        draft.author_id,
        placed.content.seal_subject(draft.subject),
        placed.content.seal_body(draft.body),
        placed.content.key_id,
        placed.sent_at,
        reply_until(draft, placed.sent_at),
        draft.read_by,
        draft.in_reply_to,
        len(draft.attachments),
        receipt.state,
        receipt.sent_at,
    )


def _first_fact(placed: Placed) -> receipts.NewFact:
    draft = placed.draft
    kind = FactKind.QUEUED if placed.held is None else FactKind.HELD
    return receipts.NewFact(draft.practice_id, draft.id, Fact(fact_id(draft.id, kind), kind, placed.sent_at))


def _attachment(placed: Placed, position: int, attachment: Attachment) -> Row:
    return (
        placed.draft.practice_id,
        placed.draft.id,
        position,
        attachment.id,
        placed.content.seal_file_name(attachment.id, attachment.file_name),
        attachment.media_type,
        attachment.size,
        placed.content.seal_sha256(attachment.id, attachment.sha256),
    )
