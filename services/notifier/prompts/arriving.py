"""Turns the event messaging.message_sent into a due prompt."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import wake_after_commit
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.messaging.v1.events_pb2 import MessageSent
from services.notifier.prompts.domain import Prompt
from services.notifier.prompts.storage import PROMPTS_CHANNEL, add_prompt

_REFERENCE_BYTES: Final = 16


class PromptForMessage:
    """The inbox handler of messaging.message_sent: one prompt for each message, however often it comes."""

    def __init__(self, *, clock: Callable[[], datetime], new_id: Callable[[], UUID]) -> None:
        self._clock = clock
        self._new_id = new_id

    async def __call__(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """Add the prompt in the event's transaction and wake the sender after it."""
        data = MessageSent.FromString(envelope.data)
        new = Prompt(
            practice_id=UUID(envelope.tenant_id),
            id=self._new_id(),
            message_id=UUID(envelope.aggregate_id),
            patient_id=UUID(data.patient_id),
            reference=secrets.token_urlsafe(_REFERENCE_BYTES),
            sent_at=envelope.occurred_at.ToDatetime(UTC),
            created_at=self._clock(),
            attempt=0,
        )
        if await add_prompt(tx, new):
            wake_after_commit(tx, PROMPTS_CHANNEL)
