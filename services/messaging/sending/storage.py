"""Stores messages with all that belongs to them; the conversations' rows are locked first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias
from uuid import UUID

from chassis.many_rows import ManyRows, Part, Returned, Row, inserting, types_of
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
RETURNING id
""",
    types_of(_MESSAGE, *_COLUMNS),
)
_INSERT_ATTACHMENT: Final = inserting(
    _ATTACHMENT,
    *("practice_id", "message_id", "position", "attachment_id", "file_name", "media_type", "size", "sha256"),
    # For the message that exists; an attachment of two messages stays an error.
    conflict="ON CONFLICT (practice_id, message_id, position) DO NOTHING",
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


def touching(drafts: Iterable[Draft], new_ids: Iterable[UUID], now: datetime) -> Part:
    """Makes these, one after the other, the newest messages of their patients' conversations; see `places`.

    Their times are later than that of the message before, so that the order within a conversation is that of
    the commits, whatever the clocks say. An answer opens the conversation again.
    """
    return _TOUCH.of(
        (practice_id, new_id, patient_id, each[-1].id, now, len(each), _answers(each))
        for ((practice_id, patient_id), each), new_id in zip(_together(drafts).items(), new_ids, strict=False)
    )


def places(drafts: Iterable[Draft], touched: Returned) -> Mapping[UUID, tuple[UUID, datetime]]:
    """For each message the conversation's id and the message's time, as `touching` returned them."""
    found: dict[UUID, tuple[UUID, datetime]] = {}
    together = _together(drafts)
    for practice_id, patient_id, conversation_id, newest_at in touched:
        for later, draft in enumerate(reversed(together[practice_id, patient_id])):
            found[draft.id] = conversation_id, newest_at - later * _TICK_OF_CLOCK
    return found


def adding(placed: Sequence[Placed]) -> Sequence[Part]:
    """Adds the messages, of which it returns those that did not exist, their attachments, their first facts,
    and that nobody has opened them.
    """
    stored = [
        unread.Stored(each.draft, each.conversation_id, each.sent_at, _receipt(each)) for each in placed
    ]
    return (
        _INSERT.of(_row(each) for each in placed),
        _INSERT_ATTACHMENT.of(
            _attachment(each, position, attachment)
            for each in placed
            for position, attachment in enumerate(each.draft.attachments)
        ),
        receipts.adding(_first_fact(each) for each in placed),
        *unread.adding(stored),
    )


def _together(drafts: Iterable[Draft]) -> Mapping[Patient, Sequence[Draft]]:
    found: dict[Patient, list[Draft]] = {}
    for draft in drafts:
        found.setdefault((draft.practice_id, draft.patient_id), []).append(draft)
    return found


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
