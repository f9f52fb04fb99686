"""Joins answers with the messages that they answer, whose subjects lists show beside them."""

import dataclasses
from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging.messages.rows import StoredMessage
from services.messaging.reading import storage
from services.messaging.reading.content import ContentReader, Summary


async def answered_by(tx: AsyncConnection, messages: Sequence[StoredMessage]) -> list[StoredMessage]:
    """The messages that some of these answer, each once; asks for nothing where there are none."""
    keys = {(each.practice_id, each.in_reply_to) for each in messages if each.in_reply_to is not None}
    return await storage.load_all(tx, keys)


async def joined(
    reader: ContentReader, messages: Sequence[StoredMessage], answered: Sequence[StoredMessage]
) -> list[Summary]:
    """The messages with their subjects and with what they answer; everything is opened together."""
    opened = await reader.summaries([*messages, *answered])
    known: dict[tuple[UUID, UUID | None], Summary] = {
        (each.message.practice_id, each.message.id): each for each in opened[len(messages) :]
    }
    return [_with_answered(each, known) for each in opened[: len(messages)]]


def _with_answered(summary: Summary, known: Mapping[tuple[UUID, UUID | None], Summary]) -> Summary:
    answered = known.get((summary.message.practice_id, summary.message.in_reply_to))
    return dataclasses.replace(summary, answered=answered)
