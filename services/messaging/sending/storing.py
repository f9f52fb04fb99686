"""Stores a draft in one transaction with everything that follows from it."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.events import Event
from chassis.idempotency import Requests
from praxispost.messaging.v1.drafts_pb2 import SendDraftResponse
from praxispost.messaging.v1.events_pb2 import MessageSent
from praxispost.messaging.v1.messaging_pb2 import SendMessageResponse, SendReplyResponse
from services.messaging.changes import storage as changes
from services.messaging.changes.domain import Change, ChangeKind
from services.messaging.guard.holding import Guard
from services.messaging.guard.storage import add_held
from services.messaging.messages.content_keys import ContentKeys
from services.messaging.messages.domain import Direction
from services.messaging.messages.sealing import ContentSealer
from services.messaging.metrics import Metrics
from services.messaging.sending import storage
from services.messaging.sending.attempt import Attempt
from services.messaging.sending.domain import Draft
from services.messaging.times import timestamp

R = TypeVar("R", SendMessageResponse, SendReplyResponse, SendDraftResponse)
First: TypeAlias = Callable[[AsyncConnection], Awaitable[Sequence[Change]]]


class Storing:
    """Stores messages of both sides."""

    def __init__(
        self,
        database: Database,
        keys: ContentKeys,
        requests: Requests,
        metrics: Metrics,
        guard: Guard,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._database = database
        self._keys = keys
        self._requests = requests
        self._metrics = metrics
        self._guard = guard
        self._clock = clock
        self._new_id = new_id

    async def store(self, attempt: Attempt[R], draft: Draft, first: First | None = None) -> R:
        """Message, conversation, fact, audit row, event and change; or the answer of an earlier try.

        `first` is done before, in the same transaction, and says what it changes; where it refuses, nothing
        is stored.
        """
        key_id, sealer = await self._keys.new(draft.patient_id)
        content = ContentSealer(sealer, draft.practice_id, draft.patient_id, draft.id, key_id=key_id)
        async with self._database.transaction([draft.practice_id]) as tx:
            response, stored = await self._once(tx, attempt, draft, content, first)
            await changes.record(tx, stored)
        if stored:
            self._metrics.stored(draft.direction)
        return response

    async def _once(
        self,
        tx: AsyncConnection,
        attempt: Attempt[R],
        draft: Draft,
        content: ContentSealer,
        first: First | None,
    ) -> tuple[R, Sequence[Change]]:
        stored: list[Change] = []

        async def effect() -> R:
            if first is not None:
                stored.extend(await first(tx))
            change = await self._store(tx, attempt.caller, draft, content)
            stored.append(change)
            response = attempt.response_type(
                message_id=str(draft.id),
                conversation_id=str(change.conversation_id),
                sent_at=timestamp(change.at),
            )
            if change.kind is ChangeKind.HELD:
                _say_held(response)
            return response

        return await attempt.once(self._requests, tx, effect), stored

    async def _store(
        self, tx: AsyncConnection, caller: Caller, draft: Draft, content: ContentSealer
    ) -> Change:
        now = self._clock()
        to_hold = await self._guard.to_hold(tx, draft, now)
        held = to_hold is not None
        conversation_id, sent_at = await storage.touch_conversation(tx, draft, self._new_id(), now)
        await storage.insert_message(tx, draft, content, conversation_id, sent_at, held=held)
        if to_hold is not None:
            await add_held(tx, draft.practice_id, draft.id, to_hold, sent_at)
        await record_audit(
            tx,
            caller=caller,
            tenant_id=draft.practice_id,
            action="message.held" if held else "message.sent",
            object_kind="message",
            object_id=draft.id,
            now=now,
        )
        if draft.direction is Direction.TO_PATIENT and not held:
            await outbox.record(tx, _sent(draft, conversation_id, sent_at))
        kind = ChangeKind.HELD if held else ChangeKind.MESSAGE
        return Change(kind, draft.practice_id, draft.patient_id, conversation_id, draft.id, sent_at)


def _say_held(response: Message) -> None:
    """Answers of patients are never held."""
    if isinstance(response, SendMessageResponse | SendDraftResponse):
        response.held = True


def _sent(draft: Draft, conversation_id: UUID, sent_at: datetime) -> Event:
    return Event(
        type="messaging.message_sent",
        tenant_id=draft.practice_id,
        aggregate_id=draft.id,
        aggregate_version=1,
        occurred_at=sent_at,
        data=MessageSent(patient_id=str(draft.patient_id), conversation_id=str(conversation_id)),
    )
