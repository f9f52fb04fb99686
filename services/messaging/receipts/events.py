"""What came of prompts and attachments: others' events become facts about the message."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol
from uuid import UUID

from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.inbox import TogetherHandler
from praxispost.attachments.v1.events_pb2 import AttachmentOpened
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.notifier.v1.events_pb2 import (
    PromptAccepted,
    PromptDelayed,
    PromptDelivered,
    PromptFailed,
    PromptFailure,
)
from services.messaging import bindings
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


class ReceiptEvents:
    """The inbox's handler of all that others tell of a message's arrival."""

    def __init__(self, clock: Callable[[], datetime], metrics: Metrics) -> None:
        self._clock = clock
        self._metrics = metrics

    @property
    def together(self) -> Mapping[str, TogetherHandler]:
        """The same for each type of event, so that all of them are recorded in few statements."""
        return dict.fromkeys(_FACTS, self.record)

    async def record(self, tx: AsyncConnection, envelopes: Sequence[Envelope]) -> None:
        """Add the facts in the events' transaction."""
        derived = await record_facts(tx, [_FACTS[each.type](each) for each in envelopes])
        await changes.record(tx, changes_of(derived, self._clock()))
        self._metrics.derived(derived)


def _accepted(envelope: Envelope) -> NewFact:
    """Our mail relay took the prompt."""
    data = PromptAccepted.FromString(envelope.data)
    return _of_prompt(envelope, FactKind.PROMPT_ACCEPTED, data, data.accepted_at)


def _delivered(envelope: Envelope) -> NewFact:
    """The patient's own mail server took it."""
    data = PromptDelivered.FromString(envelope.data)
    return _of_prompt(envelope, FactKind.PROMPT_DELIVERED, data, data.delivered_at)


def _delayed(envelope: Envelope) -> NewFact:
    """A mail server on the way still tries."""
    data = PromptDelayed.FromString(envelope.data)
    return _of_prompt(envelope, FactKind.PROMPT_DELAYED, data, data.delayed_at)


def _failed(envelope: Envelope) -> NewFact:
    """The prompt will not reach the patient; a reason that is not known here is our own fault."""
    data = PromptFailed.FromString(envelope.data)
    failure = _FAILURES.get(data.failure, Failure.OWN_FAULT)
    return _of_prompt(envelope, FactKind.PROMPT_FAILED, data, data.failed_at, failure)


def _attachment_opened(envelope: Envelope) -> NewFact:
    """The patient's side opened one of a message's attachments; only the first time counts."""
    data = AttachmentOpened.FromString(envelope.data)
    message_id, attachment_id = UUID(data.message_id), UUID(envelope.aggregate_id)
    fact = Fact(
        id=attachment_fact_id(message_id, attachment_id),
        kind=FactKind.ATTACHMENT_OPENED,
        at=envelope.occurred_at.ToDatetime(UTC),
        attachment_id=attachment_id,
    )
    return NewFact(UUID(envelope.tenant_id), message_id, fact)


_FACTS: Final[Mapping[str, Callable[[Envelope], NewFact]]] = {
    bindings.PROMPT_ACCEPTED: _accepted,
    bindings.PROMPT_DELIVERED: _delivered,
    bindings.PROMPT_DELAYED: _delayed,
    bindings.PROMPT_FAILED: _failed,
    bindings.ATTACHMENT_OPENED: _attachment_opened,
}


def _of_prompt(
    envelope: Envelope, kind: FactKind, data: _OfPrompt, at: Timestamp, failure: Failure | None = None
) -> NewFact:
    fact = Fact(
        id=UUID(envelope.event_id),
        kind=kind,
        at=at.ToDatetime(UTC),
        attempt=envelope.aggregate_version,
        contact_version=data.contact_version,
        failure=failure,
        prompt_id=UUID(envelope.aggregate_id),
    )
    return NewFact(UUID(envelope.tenant_id), UUID(data.message_id), fact)
