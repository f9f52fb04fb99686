"""Stores drafts, many in one transaction, with everything that follows from them."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import audit, outbox, trace_context
from chassis.database import Database
from chassis.events import Event
from chassis.idempotency import Key, Requests, request_id_reused
from chassis.many_rows import Part, carry_out
from chassis.refusal import Refusal
from praxispost.messaging.v1.drafts_pb2 import SendDraftResponse
from praxispost.messaging.v1.events_pb2 import MessageSent
from praxispost.messaging.v1.messaging_pb2 import SendMessageResponse, SendReplyResponse
from services.messaging.changes import storage as changes
from services.messaging.changes.domain import Change, ChangeKind
from services.messaging.guard.domain import Use
from services.messaging.guard.holding import Guard
from services.messaging.guard.storage import holding, locking
from services.messaging.messages.content_keys import ContentKeys
from services.messaging.messages.domain import Direction
from services.messaging.messages.sealing import ContentSealer
from services.messaging.metrics import Metrics
from services.messaging.sending import storage
from services.messaging.sending.attempt import Attempt
from services.messaging.sending.domain import Draft
from services.messaging.sending.storage import Placed
from services.messaging.times import timestamp

R = TypeVar("R", SendMessageResponse, SendReplyResponse, SendDraftResponse)
First: TypeAlias = Callable[[AsyncConnection], Awaitable[Sequence[Change]]]


@dataclass(frozen=True, slots=True)
class Storable(Generic[R]):
    """An attempt, what it stores, and the span that it belongs to.

    No two of a transaction are the same request.
    """

    attempt: Attempt[R]
    draft: Draft
    traceparent: str


@dataclass(frozen=True, slots=True)
class Stored(Generic[R]):
    """What became of each, in the order wanted, and what was stored only now."""

    outcomes: Sequence[R | Refusal]
    drafts: Sequence[Draft]


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

    async def store(self, attempt: Attempt[R], draft: Draft, first: First) -> R:
        """One in a transaction of its own: its answer, or that of an earlier try.

        `first` is done before, in the same transaction, and says what it changes; where it refuses, nothing
        is stored.
        """
        async with self._database.transaction([draft.practice_id]) as tx:
            stored = await self.store_all(tx, [Storable(attempt, draft, trace_context.current())], first)
        self.count(stored)
        (outcome,) = stored.outcomes
        if isinstance(outcome, Refusal):
            raise outcome
        return outcome

    async def store_all(
        self, tx: AsyncConnection, wanted: Sequence[Storable[R]], first: First | None = None
    ) -> "Stored[R]":
        """Messages, conversations, facts, audit rows, events and changes, or the answers of earlier tries;
        the transaction's last statements, after whose commit they want to be counted.

        A request id that stood for another request is refused in its outcome. Raises REQUEST_ID_REUSED where
        a message exists whose request was forgotten: nothing can be stored with it.
        """
        asked = [each.attempt for each in wanted]
        uses = self._guard.uses(each.draft for each in wanted)
        begun, _ = await carry_out(tx, self._requests.beginning(asked), locking([each.text for each in uses]))
        before = await self._requests.twins(tx, asked, begun)
        new = [each for each in wanted if each.attempt.key not in before]
        ids = {each.draft.id for each in new}
        made = (
            await self._store_new(tx, new, [each for each in uses if each.message_id in ids], first)
            if new
            else {}
        )
        outcomes = [before[key] if (key := each.attempt.key) in before else made[key] for each in wanted]
        return Stored(outcomes, [each.draft for each in new])

    async def _store_new(
        self, tx: AsyncConnection, new: Sequence[Storable[R]], uses: Sequence[Use], first: First | None
    ) -> Mapping[Key, R]:
        changed = list(await first(tx)) if first is not None else []
        now = self._clock()
        placed = await self._place(tx, [each.draft for each in new], uses, now)
        made = [_response(each, of) for each, of in zip(new, placed, strict=True)]
        stored, *_ = await carry_out(
            tx,
            *storage.adding(placed),
            *self._following(tx, new, placed, now),
            self._requests.answers((each.attempt, of) for each, of in zip(new, made, strict=True)),
            *changes.recording(tx, changed + [_change(each) for each in placed]),
        )
        if len(stored) < len(placed):
            raise request_id_reused()
        return {each.attempt.key: of for each, of in zip(new, made, strict=True)}

    def count(self, stored: "Stored[R]") -> None:
        """Count in the metrics what was committed."""
        for each in stored.drafts:
            self._metrics.stored(each.direction)

    async def _place(
        self, tx: AsyncConnection, drafts: Sequence[Draft], uses: Sequence[Use], now: datetime
    ) -> Sequence[Placed]:
        keys = await self._keys.new_all([each.patient_id for each in drafts])
        lately, _, touched = await carry_out(
            tx,
            *self._guard.counting(uses, now),
            storage.touching(drafts, iter(self._new_id, None), now),
        )
        held = await self._guard.held(tx, uses, lately, now)
        places = storage.places(drafts, touched)
        return [
            Placed(
                draft,
                ContentSealer(sealer, draft.practice_id, draft.patient_id, draft.id, key_id=key_id),
                *places[draft.id],
                held.get(draft.id),
            )
            for draft, (key_id, sealer) in zip(drafts, keys, strict=True)
        ]

    def _following(
        self, tx: AsyncConnection, new: Sequence[Storable[R]], placed: Sequence[Placed], now: datetime
    ) -> Sequence[Part]:
        """What is held, who did what, and what the others are told."""
        pairs = list(zip(new, placed, strict=True))
        return (
            holding(
                (each.draft.practice_id, each.draft.id, each.held, each.sent_at)
                for each in placed
                if each.held is not None
            ),
            audit.recording(_act(each, of, now) for each, of in pairs),
            outbox.recording(tx, [_sent(each, of) for each, of in pairs if _is_told(of)]),
        )


def _response(storable: Storable[R], placed: Placed) -> R:
    response = storable.attempt.response_type(
        message_id=str(placed.draft.id),
        conversation_id=str(placed.conversation_id),
        sent_at=timestamp(placed.sent_at),
    )
    if placed.held is not None:
        _say_held(response)
    return response


def _say_held(response: Message) -> None:
    """Answers of patients are never held."""
    if isinstance(response, SendMessageResponse | SendDraftResponse):
        response.held = True


def _act(storable: Storable[R], placed: Placed, now: datetime) -> audit.Act:
    action = "message.sent" if placed.held is None else "message.held"
    draft = placed.draft
    return audit.Act(storable.attempt.caller, draft.practice_id, action, "message", draft.id, now)


def _change(placed: Placed) -> Change:
    draft = placed.draft
    kind = ChangeKind.MESSAGE if placed.held is None else ChangeKind.HELD
    return Change(kind, draft.practice_id, draft.patient_id, placed.conversation_id, draft.id, placed.sent_at)


def _is_told(placed: Placed) -> bool:
    """The patient is prompted of what is not held; nobody is of an answer."""
    return placed.draft.direction is Direction.TO_PATIENT and placed.held is None


def _sent(storable: Storable[R], placed: Placed) -> Event:
    draft = placed.draft
    return Event(
        type="messaging.message_sent",
        tenant_id=draft.practice_id,
        aggregate_id=draft.id,
        aggregate_version=1,
        occurred_at=placed.sent_at,
        data=MessageSent(patient_id=str(draft.patient_id), conversation_id=str(placed.conversation_id)),
        traceparent=storable.traceparent,
    )
