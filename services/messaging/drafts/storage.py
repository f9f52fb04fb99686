"""Drafts in the database, with their content sealed."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, delete, insert, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.doomed_keys import doom
from chassis.idempotency import request_id_reused
from chassis.paging import Position
from services.messaging import refusals, tables
from services.messaging.drafts.domain import DraftHead, SavedDraft, check_version
from services.messaging.messages.domain import Purpose
from services.messaging.messages.sealing import ContentSealer

_DRAFT: Final = tables.draft
_ATTACHMENT: Final = tables.draft_attachment
_HEAD: Final = DraftHead.__slots__


@dataclass(frozen=True, slots=True)
class StoredAttachment:
    """A document of a draft; file name and hash are sealed."""

    id: UUID
    sealed_file_name: bytes
    media_type: str
    size: int
    sealed_sha256: bytes


@dataclass(frozen=True, slots=True)
class StoredDraft:
    """A draft with its content sealed; lists leave the text and the attachments out."""

    head: DraftHead
    purpose: Purpose | None
    sealed_subject: bytes
    reply_allowed: bool
    reply_period_days: int
    read_by: datetime | None
    attachment_count: int
    key_id: UUID | None
    sealed_body: bytes = b""
    attachments: tuple[StoredAttachment, ...] = ()

    @property
    def position(self) -> Position:
        """Where it stands in the list."""
        return Position(self.head.saved_at, self.head.id)


async def load(
    tx: AsyncConnection, practice_id: UUID, draft_id: UUID, *, lock: bool = False
) -> StoredDraft | None:
    """The draft with everything; None where the practice has no such draft."""
    query = select(_DRAFT).where(_is(practice_id, draft_id))
    row = (await tx.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        return None
    attachments = (
        select(_ATTACHMENT)
        .where(_ATTACHMENT.c.practice_id == practice_id, _ATTACHMENT.c.draft_id == draft_id)
        .order_by(_ATTACHMENT.c.position)
    )
    found = tuple(
        StoredAttachment(each.attachment_id, each.file_name, each.media_type, each.size, each.sha256)
        for each in await tx.execute(attachments)
    )
    return _stored(row, row.body, found)


async def lock(tx: AsyncConnection, practice_id: UUID, draft_id: UUID, version: int) -> StoredDraft:
    """The draft at this version, which nobody else can change now; refuses DRAFT_NOT_FOUND, DRAFT_CHANGED."""
    return current(await load(tx, practice_id, draft_id, lock=True), version)


def current(found: StoredDraft | None, version: int) -> StoredDraft:
    """What was found, where it is this version; refuses DRAFT_NOT_FOUND, DRAFT_CHANGED."""
    if found is None:
        raise refusals.draft_not_found()
    check_version(found.head, version)
    return found


async def page(
    tx: AsyncConnection, practice_id: UUID, patient_id: UUID | None, after: Position | None, most: int
) -> Sequence[StoredDraft]:
    """The practice's drafts, or those to one patient, the one saved last first; without the texts."""
    query = select(*(column for column in _DRAFT.c if column.name != "body")).where(
        _DRAFT.c.practice_id == practice_id
    )
    if patient_id is not None:
        query = query.where(_DRAFT.c.patient_id == patient_id)
    if after is not None:
        query = query.where(tuple_(_DRAFT.c.saved_at, _DRAFT.c.id) < tuple_(after.at, after.id))
    ordered = query.order_by(_DRAFT.c.saved_at.desc(), _DRAFT.c.id.desc()).limit(most)
    return [_stored(row) for row in await tx.execute(ordered)]


async def put(tx: AsyncConnection, draft: SavedDraft, sealer: ContentSealer) -> None:
    """Store a first version, or put another in the place of the one before, which is locked.

    Refuses REQUEST_ID_REUSED where a first version exists: the answer to its request was forgotten.
    """
    values = _values(draft, sealer)
    if draft.head.version == 1:
        new = upsert(_DRAFT).values(values).on_conflict_do_nothing().returning(_DRAFT.c.id)
        if (await tx.execute(new)).first() is None:
            raise request_id_reused()
    else:
        await tx.execute(update(_DRAFT).where(_is(draft.head.practice_id, draft.head.id)).values(values))
        await _remove_attachments(tx, draft.head)
    if draft.attachments:
        await tx.execute(insert(_ATTACHMENT).values(_attachment_values(draft, sealer)))


async def remove(tx: AsyncConnection, draft: StoredDraft, now: datetime) -> None:
    """The draft is no more, and nothing opens what backups still hold of it."""
    head = draft.head
    await _remove_attachments(tx, head)
    await tx.execute(delete(_DRAFT).where(_is(head.practice_id, head.id)))
    if draft.key_id is not None:
        await doom(tx, [draft.key_id], now)


async def attached(tx: AsyncConnection, practice_id: UUID, attachment_ids: Collection[UUID]) -> set[UUID]:
    """Which of the attachments a draft has."""
    query = select(_ATTACHMENT.c.attachment_id).where(
        _ATTACHMENT.c.practice_id == practice_id, _ATTACHMENT.c.attachment_id.in_(attachment_ids)
    )
    return set((await tx.execute(query)).scalars())


async def _remove_attachments(tx: AsyncConnection, head: DraftHead) -> None:
    mine = and_(_ATTACHMENT.c.practice_id == head.practice_id, _ATTACHMENT.c.draft_id == head.id)
    await tx.execute(delete(_ATTACHMENT).where(mine))


def _values(draft: SavedDraft, sealer: ContentSealer) -> dict[str, object]:
    content = draft.content
    return {
        **{name: getattr(draft.head, name) for name in _HEAD},
        "purpose": content.purpose,
        "subject": sealer.seal_subject(content.subject),
        "body": sealer.seal_body(content.body),
        "reply_allowed": content.reply_allowed,
        "reply_period_days": content.reply_period_days,
        "due_at": content.read_by,
        "attachment_count": len(draft.attachments),
        "key_id": sealer.key_id,
    }


def _attachment_values(draft: SavedDraft, sealer: ContentSealer) -> list[dict[str, object]]:
    return [
        {
            "practice_id": draft.head.practice_id,
            "draft_id": draft.head.id,
            "position": position,
            "attachment_id": each.id,
            "file_name": sealer.seal_file_name(each.id, each.file_name),
            "media_type": each.media_type,
            "size": each.size,
            "sha256": sealer.seal_sha256(each.id, each.sha256),
        }
        for position, each in enumerate(draft.attachments)
    ]


def _is(practice_id: UUID, draft_id: UUID) -> ColumnElement[bool]:
    return and_(_DRAFT.c.practice_id == practice_id, _DRAFT.c.id == draft_id)


def _stored(row: Row[Any], body: bytes = b"", attachments: tuple[StoredAttachment, ...] = ()) -> StoredDraft:
    return StoredDraft(
        head=DraftHead(**{name: getattr(row, name) for name in _HEAD}),
        purpose=Purpose(row.purpose) if row.purpose else None,
        sealed_subject=row.subject,
        reply_allowed=row.reply_allowed,
        reply_period_days=row.reply_period_days,
        read_by=row.due_at,
        attachment_count=row.attachment_count,
        key_id=row.key_id,
        sealed_body=body,
        attachments=attachments,
    )
