"""Takes in what messaging tells of messages: which are to be prompted, and which need it no more."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.inbox import Handler, TogetherHandler
from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.messaging.v1.events_pb2 import (
    MessageRead,
    MessageSent,
    MessageShown,
    MessageWithdrawn,
    PromptReason,
    PromptWanted,
)
from services.notifier import bindings
from services.notifier.prompts import waiting
from services.notifier.prompts.domain import Kind
from services.notifier.prompts.gathering import Gathering, Wanted

_FIRST_TIME: Final = PromptReason.PROMPT_REASON_RELEASED


class MessageEvents:
    """The inbox's handlers of messaging's events."""

    def __init__(self, gathering: Gathering) -> None:
        self._gathering = gathering

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """Each by the type of its event."""
        return {
            bindings.PROMPT_WANTED: self.wanted,
            bindings.MESSAGE_SHOWN: self.shown,
            bindings.MESSAGE_READ: self.read,
            bindings.MESSAGE_WITHDRAWN: self.withdrawn,
        }

    @property
    def together(self) -> Mapping[str, TogetherHandler]:
        """The handler of the type of which there can be thousands at once."""
        return {bindings.MESSAGE_SENT: self.sent}

    async def sent(self, tx: AsyncConnection, envelopes: Sequence[Envelope]) -> None:
        """Messages were sent: each gets one first prompt, however often this is told."""
        told: dict[waiting.MessageKey, Wanted] = {}
        for each in envelopes:
            patient_id = UUID(MessageSent.FromString(each.data).patient_id)
            told.setdefault(_message(each), _wanted(each, patient_id, Kind.FIRST, once=True))
        sent = [waiting.Sent(each.message, each.patient_id, each.at) for each in told.values()]
        waits = await waiting.note_sent(tx, sent)
        await self._gathering.prompt(tx, [each for each in told.values() if each.message in waits])

    async def wanted(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """Another prompt is wanted, unless the message was read or withdrawn meanwhile."""
        data = PromptWanted.FromString(envelope.data)
        patient_id = UUID(data.patient_id)
        wanted = _wanted(envelope, patient_id, Kind.FIRST if data.reason == _FIRST_TIME else Kind.AGAIN)
        if await waiting.note(tx, wanted.message, patient_id, wanted.at):
            await self._gathering.prompt(tx, [wanted])

    async def shown(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """The patient saw it in the list."""
        at = _time(envelope)
        patient_id = UUID(MessageShown.FromString(envelope.data).patient_id)
        await waiting.note(tx, _message(envelope), patient_id, at, shown_at=at)

    async def read(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """The patient opened it; an answer that the practice opened is no concern of prompts."""
        await self._close(tx, envelope, UUID(MessageRead.FromString(envelope.data).patient_id))

    async def withdrawn(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """There is nothing to read any more."""
        await self._close(tx, envelope, UUID(MessageWithdrawn.FromString(envelope.data).patient_id))

    async def _close(self, tx: AsyncConnection, envelope: Envelope, patient_id: UUID) -> None:
        at = _time(envelope)
        await waiting.note(tx, _message(envelope), patient_id, at, closed_at=at)
        await waiting.close(tx, _message(envelope))


def _wanted(envelope: Envelope, patient_id: UUID, kind: Kind, *, once: bool = False) -> Wanted:
    practice_id, message_id = _message(envelope)
    return Wanted(practice_id, message_id, patient_id, _time(envelope), kind, once)


def _message(envelope: Envelope) -> tuple[UUID, UUID]:
    return UUID(envelope.tenant_id), UUID(envelope.aggregate_id)


def _time(envelope: Envelope) -> datetime:
    return envelope.occurred_at.ToDatetime(UTC)
