"""Staff have a patient told once more that a message waits."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from chassis.validation import required_uuid
from praxispost.messaging.v1.guard_pb2 import PromptAgainRequest, PromptAgainResponse
from services.messaging import refusals
from services.messaging.callers import practice_of
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import StoredMessage
from services.messaging.patients import storage as patients
from services.messaging.patients.domain import PatientState
from services.messaging.patients.reachability import Reachability
from services.messaging.prompting.wanted import Why, prompt_wanted
from services.messaging.reading import storage as reading
from services.messaging.receipts.domain import UNSENT, State
from services.messaging.times import timestamp


@dataclass(frozen=True, slots=True)
class _Known:
    """The message, and what is known of its patient."""

    message: StoredMessage
    patient: PatientState | None


class PromptAgain:
    """Asks the notifier for a further prompt."""

    def __init__(
        self,
        database: Database,
        requests: Requests,
        reachability: Reachability,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._requests = requests
        self._reachability = reachability
        self._clock = clock

    async def ask(self, caller: Caller, request: PromptAgainRequest) -> PromptAgainResponse:
        """Ask once for each request id, where the message needs it and the patient can be written to."""
        request_id = required_uuid("request_id", request.request_id)
        message_id = required_uuid("message_id", request.message_id)
        practice_id = practice_of(caller)
        async with self._database.transaction([practice_id]) as tx:
            known = await _load(tx, practice_id, message_id)
            answer = await self._requests.answered(
                tx,
                caller=caller,
                tenant_id=practice_id,
                rpc="PromptAgain",
                request_id=request_id,
                request=request,
                response_type=PromptAgainResponse,
            )
        if answer is not None:
            return answer
        _check(known.message)
        await self._reachability.check(practice_id, known.message.patient_id, known.patient)

        async with self._database.transaction([practice_id]) as tx:
            return await self._requests.once(
                tx,
                caller=caller,
                tenant_id=practice_id,
                rpc="PromptAgain",
                request_id=request_id,
                request=request,
                response_type=PromptAgainResponse,
                effect=lambda: self._ask(tx, caller, practice_id, message_id),
            )

    async def _ask(
        self, tx: AsyncConnection, caller: Caller, practice_id: UUID, message_id: UUID
    ) -> PromptAgainResponse:
        now = self._clock()
        known = await _load(tx, practice_id, message_id)
        _check(known.message)
        version = known.patient.contact_version if known.patient else 0
        await outbox.record(tx, prompt_wanted(known.message, version, Why.ASKED_AGAIN, now))
        await record_audit(
            tx,
            caller=caller,
            tenant_id=practice_id,
            action="message.prompt_asked",
            object_kind="message",
            object_id=message_id,
            now=now,
        )
        return PromptAgainResponse(asked_at=timestamp(now))


async def _load(tx: AsyncConnection, practice_id: UUID, message_id: UUID) -> _Known:
    message = await reading.load(tx, practice_id, message_id)
    if message is None:
        raise refusals.message_not_found()
    return _Known(message, await patients.load(tx, practice_id, message.patient_id))


def _check(message: StoredMessage) -> None:
    sent = message.direction is Direction.TO_PATIENT and message.receipt.state not in UNSENT
    if not sent or message.receipt.state is State.READ or message.withdrawn_at is not None:
        raise refusals.prompt_not_needed()
