"""Finds over all practices what the collector has to look at."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.attachments.domain import State

_DUE = text(
    "SELECT practice_id, id, object_key, message_id, state_at"
    " FROM due_attachments(:wanted, :before, :at_most)"
)
_KNOWN = text("SELECT known_objects(CAST(:keys AS text[]))")


@dataclass(frozen=True, slots=True)
class Due:
    """A document that has been at its state for long."""

    practice_id: UUID
    id: UUID
    object_key: str
    message_id: UUID | None
    state: State
    state_at: datetime


async def find_due(tx: AsyncConnection, state: State, before: datetime, at_most: int) -> list[Due]:
    """The documents that came to the state before that time, the oldest first."""
    parameters = {"wanted": state.value, "before": before, "at_most": at_most}
    return [
        Due(row.practice_id, row.id, row.object_key, row.message_id, state, row.state_at)
        for row in await tx.execute(_DUE, parameters)
    ]


async def find_known(tx: AsyncConnection, object_keys: list[str]) -> set[str]:
    """Those of the objects that a document has."""
    return set((await tx.execute(_KNOWN, {"keys": object_keys})).scalars())
