"""What came of a prompt: the notifier's events become facts about the message."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.notifier.v1.events_pb2 import PromptAccepted, PromptFailed, PromptFailure
from services.messaging.changes import storage as changes
from services.messaging.metrics import Metrics
from services.messaging.receipts.domain import Fact, FactKind, Failure
from services.messaging.receipts.recording import changes_of, record_facts
from services.messaging.receipts.storage import NewFact

_FAILURES: Final = {
    PromptFailure.PROMPT_FAILURE_ADDRESS_REFUSED: Failure.ADDRESS_REFUSED,
    PromptFailure.PROMPT_FAILURE_EXPIRED: Failure.EXPIRED,
    PromptFailure.PROMPT_FAILURE_CONTACT_MISSING: Failure.CONTACT_CONFLICT,
}


class PromptEvents:
    """The inbox's handlers of notifier.prompt_accepted and notifier.prompt_failed."""

    def __init__(self, clock: Callable[[], datetime], metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics

    async def accepted(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """Our mail relay took the prompt."""
        data = PromptAccepted.FromString(envelope.data)
        fact = Fact(
            id=UUID(envelope.event_id),
            kind=FactKind.PROMPT_ACCEPTED,
            at=data.accepted_at.ToDatetime(UTC),
            attempt=envelope.aggregate_version,
            contact_version=data.contact_version,
        )
        await self._record(tx, envelope, data.message_id, fact)

    async def failed(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """The prompt will not reach the patient; a reason that is not known here is our own fault."""
        data = PromptFailed.FromString(envelope.data)
        fact = Fact(
            id=UUID(envelope.event_id),
            kind=FactKind.PROMPT_FAILED,
            at=data.failed_at.ToDatetime(UTC),
            attempt=envelope.aggregate_version,
            contact_version=data.contact_version,
            failure=_FAILURES.get(data.failure, Failure.OWN_FAULT),
        )
        await self._record(tx, envelope, data.message_id, fact)

    async def _record(self, tx: AsyncConnection, envelope: Envelope, message_id: str, fact: Fact) -> None:
        derived = await record_facts(tx, [NewFact(UUID(envelope.tenant_id), UUID(message_id), fact)])
        await changes.record(tx, changes_of(derived, self._clock()))
        self._metrics.derived(derived)
