"""Reads messages and conversations: single ones with their content, and pages of lists by their position."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select, tuple_, union_all, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.paging import Position
from services.messaging import tables
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import SUMMARY_COLUMNS, StoredMessage, stored_message
from services.messaging.receipts.domain import UNSENT
from services.messaging.work.domain import ConversationState

MessageKey: TypeAlias = tuple[UUID, UUID]

_MESSAGE: Final = tables.message
_ATTACHMENT: Final = tables.message_attachment
_CONVERSATION: Final = tables.conversation


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """A document of a message; file name and hash are sealed."""

    id: UUID
    sealed_file_name: bytes
    media_type: str
    size: int
    sealed_sha256: bytes


@dataclass(frozen=True, slots=True)
class StoredContent:
    """A message with its sealed text and its attachments in their order."""

    message: StoredMessage
    sealed_body: bytes
    attachments: tuple[StoredAttachment, ...]


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """A conversation with its newest message."""

    id: UUID
    unread_answers: int
    state: ConversationState
    assigned_to: UUID | None
    newest: StoredMessage

    @property
    def position(self) -> Position:
        """Where it stands in the list."""
        return Position(self.newest.sent_at, self.id)


def position_of(message: StoredMessage) -> Position:
    """Where a message stands in a list of messages."""
    return Position(message.sent_at, message.id)


async def load(tx: AsyncConnection, practice_id: UUID, message_id: UUID) -> StoredMessage | None:
    """The message without its text; None where the practice has no such message."""
    query = select(*SUMMARY_COLUMNS).where(_MESSAGE.c.practice_id == practice_id, _MESSAGE.c.id == message_id)
    row = (await tx.execute(query)).one_or_none()
    return stored_message(row) if row is not None else None


async def load_all(tx: AsyncConnection, keys: Collection[tuple[UUID, UUID]]) -> list[StoredMessage]:
    """Those of the messages, given with their practices, that exist."""
    if not keys:
        return []
    these = tuple_(_MESSAGE.c.practice_id, _MESSAGE.c.id).in_(sorted(keys))
    return [stored_message(row) for row in await tx.execute(select(*SUMMARY_COLUMNS).where(these))]


async def load_contents(
    tx: AsyncConnection, keys: Collection[MessageKey], *, lock: bool = False
) -> dict[MessageKey, StoredContent]:
    """Those of the messages that exist, with everything; locked in the order of all who lock."""
    query = (
        select(_MESSAGE)
        .where(tuple_(_MESSAGE.c.practice_id, _MESSAGE.c.id).in_(sorted(keys)))
        .order_by(_MESSAGE.c.practice_id, _MESSAGE.c.id)
    )
    rows = (await tx.execute(query.with_for_update(key_share=True) if lock else query)).all()
    attached = await _attachments(tx, [(row.practice_id, row.id) for row in rows if row.attachment_count])
    return {
        (row.practice_id, row.id): StoredContent(
            stored_message(row), row.body, tuple(attached.get((row.practice_id, row.id), ()))
        )
        for row in rows
    }


async def lock_conversation(tx: AsyncConnection, practice_id: UUID, conversation_id: UUID) -> None:
    """Locked before any message of it, as by those who send."""
    this = and_(_CONVERSATION.c.practice_id == practice_id, _CONVERSATION.c.id == conversation_id)
    await tx.execute(select(_CONVERSATION.c.id).where(this).with_for_update(key_share=True))


async def answer_was_read(tx: AsyncConnection, practice_id: UUID, conversation_id: UUID) -> None:
    """One unread answer less."""
    this = and_(_CONVERSATION.c.practice_id == practice_id, _CONVERSATION.c.id == conversation_id)
    less = {"unread_answers": _CONVERSATION.c.unread_answers - 1}
    await tx.execute(update(_CONVERSATION).where(this).values(less))


def is_conversation(conversation_id: UUID) -> ColumnElement[bool]:
    """Holds of one conversation only."""
    return _CONVERSATION.c.id == conversation_id


def with_patients(patient_ids: Collection[UUID]) -> list[ColumnElement[bool]]:
    """Holds of the conversations with these patients only; of all where none is named."""
    return [_CONVERSATION.c.patient_id.in_(patient_ids)] if patient_ids else []


def unread_by_patient() -> ColumnElement[bool]:
    """Holds of the practice's messages that the patient can open and has not opened."""
    return and_(
        _MESSAGE.c.direction == Direction.TO_PATIENT,
        _MESSAGE.c.read_at.is_(None),
        _MESSAGE.c.withdrawn_at.is_(None),
    )


def answers(message_id: UUID) -> ColumnElement[bool]:
    """Holds of the answers to one message."""
    return _MESSAGE.c.in_reply_to == message_id


async def attached(tx: AsyncConnection, practice_id: UUID, attachment_ids: Collection[UUID]) -> set[UUID]:
    """Which of the attachments a message has."""
    query = select(_ATTACHMENT.c.attachment_id).where(
        _ATTACHMENT.c.practice_id == practice_id, _ATTACHMENT.c.attachment_id.in_(attachment_ids)
    )
    return set((await tx.execute(query)).scalars())


async def conversations(
    tx: AsyncConnection,
    practice_id: UUID,
    after: Position | None,
    most: int,
    *only: ColumnElement[bool],
) -> list[StoredConversation]:
    """Those of the practice's conversations for which `only` holds, the one with the newest message first.

    The page is cut before its messages are looked up, so that the number of conversations does not matter.
    """
    page = (
        select(_CONVERSATION)
        .where(
            _CONVERSATION.c.practice_id == practice_id,
            *only,
            *_behind(_CONVERSATION.c.newest_at, _CONVERSATION.c.id, after),
        )
        .order_by(_CONVERSATION.c.newest_at.desc(), _CONVERSATION.c.id.desc())
        .limit(most)
        .subquery()
    )
    newest = and_(_MESSAGE.c.practice_id == page.c.practice_id, _MESSAGE.c.id == page.c.newest_message_id)
    query = (
        select(
            page.c.id.label("conversation"),
            page.c.unread_answers,
            page.c.state,
            page.c.assigned_to,
            *SUMMARY_COLUMNS,
        )
        .join_from(page, _MESSAGE, newest)
        .order_by(page.c.newest_at.desc(), page.c.id.desc())
    )
    return [
        StoredConversation(
            row.conversation,
            row.unread_answers,
            ConversationState(row.state),
            row.assigned_to,
            stored_message(row),
        )
        for row in await tx.execute(query)
    ]


async def history(
    tx: AsyncConnection, practice_id: UUID, patient_id: UUID, after: Position | None, most: int
) -> list[StoredMessage]:
    """One patient's messages of both sides, newest first."""
    rows = await tx.execute(_newest(practice_id, patient_id, after, most))
    return [stored_message(row) for row in rows]


async def mailbox(
    tx: AsyncConnection,
    patients: Sequence[tuple[UUID, UUID]],
    after: Position | None,
    most: int,
    *only: ColumnElement[bool],
) -> list[StoredMessage]:
    """Those messages of several patients, given with their practices, for which `only` holds, newest first.

    Each patient's newest are read from the index, so that the length of the histories does not matter.
    """
    if not patients:
        return []
    each = [
        _newest(*patient, after, most).where(_MESSAGE.c.tick.not_in(UNSENT), *only).subquery().select()
        for patient in patients
    ]
    merged = union_all(*each).subquery()
    query = select(merged).order_by(merged.c.sent_at.desc(), merged.c.id.desc()).limit(most)
    return [stored_message(row) for row in await tx.execute(query)]


def _newest(practice_id: UUID, patient_id: UUID, after: Position | None, most: int) -> Select[Any]:
    return (
        select(*SUMMARY_COLUMNS)
        .where(
            _MESSAGE.c.practice_id == practice_id,
            _MESSAGE.c.patient_id == patient_id,
            *_behind(_MESSAGE.c.sent_at, _MESSAGE.c.id, after),
        )
        .order_by(_MESSAGE.c.sent_at.desc(), _MESSAGE.c.id.desc())
        .limit(most)
    )


def _behind(at: Any, identifier: Any, after: Position | None) -> list[Any]:
    return [] if after is None else [tuple_(at, identifier) < tuple_(after.at, after.id)]


async def _attachments(
    tx: AsyncConnection, keys: Collection[MessageKey]
) -> dict[MessageKey, list[StoredAttachment]]:
    found: dict[MessageKey, list[StoredAttachment]] = {}
    if not keys:
        return found
    query = (
        select(_ATTACHMENT)
        .where(tuple_(_ATTACHMENT.c.practice_id, _ATTACHMENT.c.message_id).in_(keys))
        .order_by(_ATTACHMENT.c.practice_id, _ATTACHMENT.c.message_id, _ATTACHMENT.c.position)
    )
    for row in await tx.execute(query):
        found.setdefault((row.practice_id, row.message_id), []).append(
            StoredAttachment(row.attachment_id, row.file_name, row.media_type, row.size, row.sha256)
        )
    return found
