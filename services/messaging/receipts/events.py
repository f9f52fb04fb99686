"""What came of prompts and attachments: others' events become facts about the message."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy.ext.asyncio import AsyncConnection

from praxispost.attachments.v1.events_pb2 import AttachmentOpened
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.notifier.v1.events_pb2 import (
    PromptAccepted,
    PromptDelayed,
    PromptDelivered,
    PromptFailed,
    PromptFailure,
)
from services.messaging.changes import storage as changes
from services.messaging.metrics import Metrics
from services.messaging.receipts.facts import Fact, FactKind, Failure, attachment_fact_id
from services.messaging.receipts.recording import changes_of, record_facts
from services.messaging.receipts.storage import NewFact

_FAILURES: Final = {
    PromptFailure.PROMPT_FAILURE_ADDRESS_REFUSED: Failure.ADDRESS_REFUSED,
    PromptFailure.PROMPT_FAILURE_EXPIRED: Failure.EXPIRED,
    PromptFailure.PROMPT_FAILURE_CONTACT_MISSING: Failure.CONTACT_CONFLICT,
}


class _OfPrompt(Protocol):
    """What every event about a prompt names."""

    @property
    def message_id(self) -> str: ...
    @property
    def contact_version(self) -> int: ...


class _Facts:
    """Adds facts in the event's transaction."""

    def __init__(self, clock: Callable[[], datetime], metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics

    async def _record(self, tx: AsyncConnection, envelope: Envelope, message_id: str, fact: Fact) -> None:
        derived = await record_facts(tx, [NewFact(UUID(envelope.tenant_id), UUID(message_id), fact)])
        await changes.record(tx, changes_of(derived, self._clock()))
        self._metrics.derived(derived)


class PromptEvents(_Facts):
    """The inbox's handlers of the notifier's events about prompts."""

    async def accepted(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """Our mail relay took the prompt."""
        data = PromptAccepted.FromString(envelope.data)
        fact = _fact(envelope, FactKind.PROMPT_ACCEPTED, data, data.accepted_at)
        await self._record(tx, envelope, data.message_id, fact)

    async def delivered(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """The patient's own mail server took it."""
        data = PromptDelivered.FromString(envelope.data)
        fact = _fact(envelope, FactKind.PROMPT_DELIVERED, data, data.delivered_at)
        await self._record(tx, envelope, data.message_id, fact)

    async def delayed(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """A mail server on the way still tries."""
        data = PromptDelayed.FromString(envelope.data)
        fact = _fact(envelope, FactKind.PROMPT_DELAYED, data, data.delayed_at)
        await self._record(tx, envelope, data.message_id, fact)

    async def failed(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """The prompt will not reach the patient; a reason that is not known here is our own fault."""
        data = PromptFailed.FromString(envelope.data)
        failure = _FAILURES.get(data.failure, Failure.OWN_FAULT)
        fact = _fact(envelope, FactKind.PROMPT_FAILED, data, data.failed_at, failure)
        await self._record(tx, envelope, data.message_id, fact)


class AttachmentEvents(_Facts):
    """The inbox's handler of attachments.attachment_opened."""

    async def opened(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """The patient's side opened one of a message's attachments; only the first time counts."""
        data = AttachmentOpened.FromString(envelope.data)
        attachment_id = UUID(envelope.aggregate_id)
        fact = Fact(
            id=attachment_fact_id(UUID(data.message_id), attachment_id),
            kind=FactKind.ATTACHMENT_OPENED,
            at=envelope.occurred_at.ToDatetime(UTC),
            attachment_id=attachment_id,
        )
        await self._record(tx, envelope, data.message_id, fact)


def _fact(
    envelope: Envelope, kind: FactKind, data: _OfPrompt, at: Timestamp, failure: Failure | None = None
) -> Fact:
    return Fact(
        id=UUID(envelope.event_id),
        kind=kind,
        at=at.ToDatetime(UTC),
        attempt=envelope.aggregate_version,
        contact_version=data.contact_version,
        failure=failure,
        prompt_id=UUID(envelope.aggregate_id),
    )
