"""Releases what is held, or decides that it is not sent."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from chassis.keys import Keys
from chassis.validation import required_uuid, text
from praxispost.messaging.v1.guard_pb2 import (
    ConfirmHeldRequest,
    ConfirmHeldResponse,
    RejectHeldRequest,
    RejectHeldResponse,
)
from services.messaging import refusals
from services.messaging.callers import practice_of
from services.messaging.guard import storage
from services.messaging.guard.domain import LONGEST_REASON, HeldMessage, StepUp, check_release
from services.messaging.guard.outgoing import Decision, reject, releasable, release
from services.messaging.guard.step_up import StepUpPurpose, StepUps
from services.messaging.metrics import Metrics
from services.messaging.reading import storage as reading
from services.messaging.receipts.recording import Derived
from services.messaging.times import timestamp

R = TypeVar("R", bound=Message)


@dataclass(frozen=True, slots=True)
class _Asked:
    """Who decides about which message, checked."""

    caller: Caller
    practice_id: UUID
    request_id: UUID
    message_id: UUID
    reason: str

    @classmethod
    def read(cls, caller: Caller, request: ConfirmHeldRequest | RejectHeldRequest) -> "_Asked":
        """From the request; refuses INVALID_FIELD."""
        return cls(
            caller,
            practice_of(caller),
            required_uuid("request_id", request.request_id),
            required_uuid("message_id", request.message_id),
            text("reason", request.reason, minimum=0, maximum=LONGEST_REASON).strip(),
        )


class Deciding:
    """Takes the second person's decision."""

    def __init__(
        self,
        database: Database,
        keys: Keys,
        requests: Requests,
        step_ups: StepUps,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._keys = keys
        self._requests = requests
        self._step_ups = step_ups
        self._metrics = metrics
        self._clock = clock

    async def confirm(self, caller: Caller, request: ConfirmHeldRequest) -> ConfirmHeldResponse:
        """Release the message and what is held with the same subject and text, as far as this person may."""
        asked = _Asked.read(caller, request)
        derived: list[Derived] = []
        async with self._database.transaction([asked.practice_id]) as tx:
            await _found(tx, asked)

            async def effect() -> ConfirmHeldResponse:
                step_up = await self._step_ups.read(
                    caller, request.step_up, StepUpPurpose.RELEASE_HELD, asked.message_id
                )
                derived.extend(await self._release(tx, asked, step_up))
                released = [str(each.message.id) for each in derived]
                return ConfirmHeldResponse(message_ids=released, released_at=timestamp(self._clock()))

            response = await self._once(tx, "ConfirmHeld", asked, request, ConfirmHeldResponse, effect)
        self._metrics.derived(derived)
        return response

    async def reject(self, caller: Caller, request: RejectHeldRequest) -> RejectHeldResponse:
        """Decide that the message is not sent."""
        asked = _Asked.read(caller, request)
        async with self._database.transaction([asked.practice_id]) as tx:
            await _found(tx, asked)

            async def effect() -> RejectHeldResponse:
                held = await _locked(tx, asked)
                decision = self._decision(asked)
                await reject(tx, self._keys, decision, held)
                return RejectHeldResponse(rejected_at=timestamp(decision.now))

            return await self._once(tx, "RejectHeld", asked, request, RejectHeldResponse, effect)

    async def _release(self, tx: AsyncConnection, asked: _Asked, step_up: StepUp | None) -> Sequence[Derived]:
        held = await _locked(tx, asked)
        check_release(held.author_id, asked.caller.subject_id, step_up, asked.reason)
        together = await storage.waiting_with(tx, held)
        if step_up is None or not step_up.alone or not asked.reason:
            together = [each for each in together if each.author_id != asked.caller.subject_id]
        messages = await releasable(tx, asked.practice_id, asked.message_id, together)
        return await release(tx, self._keys, self._decision(asked), messages)

    def _decision(self, asked: _Asked) -> Decision:
        return Decision(asked.caller, asked.practice_id, asked.reason, self._clock())

    async def _once(
        self,
        tx: AsyncConnection,
        rpc: str,
        asked: _Asked,
        request: Message,
        response_type: type[R],
        effect: Callable[[], Awaitable[R]],
    ) -> R:
        return await self._requests.once(
            tx,
            caller=asked.caller,
            tenant_id=asked.practice_id,
            rpc=rpc,
            request_id=asked.request_id,
            request=request,
            response_type=response_type,
            effect=effect,
        )


async def _found(tx: AsyncConnection, asked: _Asked) -> None:
    if await reading.load(tx, asked.practice_id, asked.message_id) is None:
        raise refusals.message_not_found()


async def _locked(tx: AsyncConnection, asked: _Asked) -> HeldMessage:
    """The message as it waits, after everybody who is at the same text; refuses MESSAGE_NOT_HELD."""
    held = await storage.load_held(tx, asked.practice_id, asked.message_id)
    if held is not None:
        await storage.lock_text(tx, asked.practice_id, held.text_hash)
        held = await storage.load_held(tx, asked.practice_id, asked.message_id)
    if held is None or held.decided_at is not None:
        raise refusals.message_not_held()
    return held
