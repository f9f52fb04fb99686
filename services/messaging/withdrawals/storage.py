"""Writes into a message's row what was taken back; the message is locked before."""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging import tables
from services.messaging.messages.domain import WithdrawalReason
from services.messaging.messages.rows import StoredMessage

_MESSAGE: Final = tables.message


async def withdraw(
    tx: AsyncConnection, message: StoredMessage, reason: WithdrawalReason, now: datetime
) -> None:
    """Block the content for the patient's side."""
    await _set(tx, message, {"withdrawn_at": now, "withdrawal_reason": reason})


async def close_for_replies(tx: AsyncConnection, message: StoredMessage, now: datetime) -> None:
    """End the permission to answer."""
    await _set(tx, message, {"replies_closed_at": now})


async def erase(tx: AsyncConnection, message: StoredMessage, now: datetime) -> None:
    """Overwrite the content with nothing, which the database allows for withdrawn messages only."""
    await tx.execute(select(func.erase_content(message.practice_id, message.id, now)))


async def _set(tx: AsyncConnection, message: StoredMessage, values: dict[str, Any]) -> None:
    this = update(_MESSAGE).where(_MESSAGE.c.practice_id == message.practice_id, _MESSAGE.c.id == message.id)
    await tx.execute(this.values(values))
