"""Reads messages: single ones with their content, and several without."""

from collections.abc import Collection
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, and_, bindparam, column, func, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.many_rows import ManyRows, fetch, types_of
from services.messaging import tables
from services.messaging.messages.rows import SUMMARY_COLUMNS, StoredMessage, stored_message

MessageKey: TypeAlias = tuple[UUID, UUID]

_MESSAGE: Final = tables.message
_ATTACHMENT: Final = tables.message_attachment
_CONVERSATION: Final = tables.conversation
_COLUMNS: Final = tuple(column.name for column in _MESSAGE.c)
_CONTENTS: Final = ManyRows(
    f"""
SELECT {", ".join(f"message.{name}" for name in _COLUMNS)}
FROM {{rows}} AS wanted (practice_id, id)
JOIN message ON message.practice_id = wanted.practice_id AND message.id = wanted.id
ORDER BY message.practice_id, message.id
""",
    types_of(_MESSAGE, "practice_id", "id"),
)
_LOCK_CONTENTS: Final = ManyRows(f"{_CONTENTS.sql} FOR NO KEY UPDATE OF message", _CONTENTS.types)

# Put together once: with so many columns that takes longer than reading the rows. The keys come as arrays, so
# that their number changes nothing, and each is looked up, whatever share of the table is the practice's.
_KEYS: Final = (
    func.unnest(bindparam("practices", type_=ARRAY(Uuid)), bindparam("ids", type_=ARRAY(Uuid)))
    .table_valued(column("practice_id", Uuid), column("id", Uuid), with_ordinality="place")
    .render_derived(name="keys")
)
_IS_ONE_OF_THEM: Final = and_(_MESSAGE.c.practice_id == _KEYS.c.practice_id, _MESSAGE.c.id == _KEYS.c.id)
_THESE: Final = select(*SUMMARY_COLUMNS).join_from(_KEYS, _MESSAGE, _IS_ONE_OF_THEM).order_by(_KEYS.c.place)


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


async def load(tx: AsyncConnection, practice_id: UUID, message_id: UUID) -> StoredMessage | None:
    """The message without its text; None where the practice has no such message."""
    query = select(*SUMMARY_COLUMNS).where(_MESSAGE.c.practice_id == practice_id, _MESSAGE.c.id == message_id)
    row = (await tx.execute(query)).one_or_none()
    return stored_message(row) if row is not None else None


async def load_all(tx: AsyncConnection, keys: Collection[tuple[UUID, UUID]]) -> list[StoredMessage]:
    """Those of the messages, given with their practices, that exist, in the order given."""
    if not keys:
        return []
    values = {"practices": [practice_id for practice_id, _ in keys], "ids": [each for _, each in keys]}
    return [stored_message(row) for row in await tx.execute(_THESE, values)]


async def load_contents(
    tx: AsyncConnection, keys: Collection[MessageKey], *, lock: bool = False
) -> dict[MessageKey, StoredContent]:
    """Those of the messages that exist, with everything; locked in the order of all who lock."""
    wanted = (_LOCK_CONTENTS if lock else _CONTENTS).of(sorted(set(keys)))
    rows = [SimpleNamespace(**dict(zip(_COLUMNS, row, strict=True))) for row in await fetch(tx, wanted)]
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


async def attached(tx: AsyncConnection, practice_id: UUID, attachment_ids: Collection[UUID]) -> set[UUID]:
    """Which of the attachments a message has."""
    query = select(_ATTACHMENT.c.attachment_id).where(
        _ATTACHMENT.c.practice_id == practice_id, _ATTACHMENT.c.attachment_id.in_(attachment_ids)
    )
    return set((await tx.execute(query)).scalars())


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
