"""A patient answers a message that allows it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from chassis.validation import distinct_uuids, required_uuid, text
from praxispost.messaging.v1.messaging_pb2 import SendReplyRequest, SendReplyResponse
from services.messaging import refusals
from services.messaging.callers import may_see_message
from services.messaging.changes.domain import Change
from services.messaging.messages.domain import Direction, author_kind
from services.messaging.messages.rows import StoredMessage
from services.messaging.reading import storage as reading
from services.messaging.sending.attempt import Attempt
from services.messaging.sending.claims import Claims
from services.messaging.sending.domain import LONGEST_BODY, MOST_ATTACHMENTS, Draft, check_reply
from services.messaging.sending.storing import Storing


@dataclass(frozen=True, slots=True)
class Answer:
    """What a patient wants to answer, checked."""

    request_id: UUID
    practice_id: UUID
    in_reply_to: UUID
    body: str
    attachment_ids: tuple[UUID, ...]

    @classmethod
    def read(cls, request: SendReplyRequest) -> "Answer":
        """From the request; refuses INVALID_FIELD."""
        return cls(
            request_id=required_uuid("request_id", request.request_id),
            practice_id=required_uuid("practice_id", request.practice_id),
            in_reply_to=required_uuid("in_reply_to", request.in_reply_to),
            body=text("body", request.body, maximum=LONGEST_BODY),
            attachment_ids=distinct_uuids("attachment_ids", request.attachment_ids, maximum=MOST_ATTACHMENTS),
        )


class ReplySending:
    """Accepts answers of patients."""

    def __init__(
        self,
        database: Database,
        requests: Requests,
        claims: Claims,
        storing: Storing,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._requests = requests
        self._claims = claims
        self._storing = storing
        self._clock = clock

    async def send(self, caller: Caller, request: SendReplyRequest) -> SendReplyResponse:
        """Store the answer once; what was answered before is answered alike after the period's end, too.

        But not to who may not see the conversation any more: the stored answer comes after that check.
        """
        answer = Answer.read(request)
        if answer.practice_id not in caller.tenants:
            raise refusals.message_not_found()
        attempt = Attempt(
            caller, answer.practice_id, "SendReply", answer.request_id, request, SendReplyResponse
        )
        async with self._database.transaction([answer.practice_id]) as tx:
            earlier = await attempt.answered(self._requests, tx)
            answered = await reading.load(tx, answer.practice_id, answer.in_reply_to)
        if answered is None or not may_see_message(caller, answered):
            raise refusals.message_not_found()
        if earlier is not None:
            return earlier
        self._check(answered)
        attachments = await self._claims.claim(
            practice_id=answer.practice_id,
            patient_id=answered.patient_id,
            message_id=attempt.message_id,
            uploader_id=caller.subject_id,
            attachment_ids=answer.attachment_ids,
        )
        draft = Draft(
            id=attempt.message_id,
            practice_id=answer.practice_id,
            patient_id=answered.patient_id,
            direction=Direction.TO_PRACTICE,
            author_kind=author_kind(caller.role),
            author_id=caller.subject_id,
            body=answer.body,
            in_reply_to=answered.id,
            attachments=attachments,
        )

        async def still_answerable(tx: AsyncConnection) -> Sequence[Change]:
            """Under the lock that whoever closes or withdraws a message takes, too."""
            await reading.lock_conversation(tx, answered.practice_id, answered.conversation_id)
            current = await reading.load(tx, answered.practice_id, answered.id)
            self._check(current or answered)
            return ()

        return await self._storing.store(attempt, draft, still_answerable)

    def _check(self, message: StoredMessage) -> None:
        check_reply(
            message.reply_until,
            self._clock(),
            closed=message.replies_closed_at is not None,
            withdrawn=message.withdrawn_at is not None,
        )
