"""A practice writes to one of its patients."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from chassis.refusal import invalid
from chassis.validation import distinct_uuids, one_line, required_uuid, text
from praxispost.messaging.v1.messaging_pb2 import SendMessageRequest, SendMessageResponse
from services.messaging.callers import practice_of
from services.messaging.messages.domain import Direction, Purpose, author_kind
from services.messaging.patients import storage as patients
from services.messaging.patients.reachability import Reachability
from services.messaging.sending.attempt import Attempt
from services.messaging.sending.claims import Claims
from services.messaging.sending.domain import (
    LONGEST_BODY,
    LONGEST_REPLY_PERIOD_DAYS,
    LONGEST_SUBJECT,
    MOST_ATTACHMENTS,
    REPLY_PERIOD_DAYS,
    Attachment,
    Draft,
    check_read_by,
)
from services.messaging.sending.storing import Storing
from services.messaging.times import optional_moment


@dataclass(frozen=True, slots=True)
class Letter:
    """What a practice wants to send, checked."""

    request_id: UUID
    patient_id: UUID
    purpose: Purpose
    subject: str
    body: str
    reply_allowed: bool
    reply_period_days: int
    read_by: datetime | None
    attachment_ids: tuple[UUID, ...]

    @classmethod
    def read(cls, request: SendMessageRequest) -> "Letter":
        """From the request; refuses INVALID_FIELD."""
        return cls(
            request_id=required_uuid("request_id", request.request_id),
            patient_id=required_uuid("patient_id", request.patient_id),
            purpose=_purpose(request.purpose),
            subject=one_line("subject", request.subject, maximum=LONGEST_SUBJECT),
            body=text("body", request.body, maximum=LONGEST_BODY),
            reply_allowed=request.reply_allowed,
            reply_period_days=reply_period_days(
                "reply_period_days", request.reply_period_days, allowed=request.reply_allowed
            ),
            read_by=optional_moment("read_by", request.read_by if request.HasField("read_by") else None),
            attachment_ids=distinct_uuids("attachment_ids", request.attachment_ids, maximum=MOST_ATTACHMENTS),
        )

    def by(
        self, caller: Caller, practice_id: UUID, message_id: UUID, attachments: tuple[Attachment, ...]
    ) -> Draft:
        """The message that it makes, with its attachments claimed."""
        return Draft(
            id=message_id,
            practice_id=practice_id,
            patient_id=self.patient_id,
            direction=Direction.TO_PATIENT,
            author_kind=author_kind(caller.role),
            author_id=caller.subject_id,
            body=self.body,
            purpose=self.purpose,
            subject=self.subject,
            reply_allowed=self.reply_allowed,
            reply_period_days=self.reply_period_days,
            read_by=self.read_by,
            attachments=attachments,
        )


class MessageSending:
    """Accepts messages of practices."""

    def __init__(
        self,
        database: Database,
        requests: Requests,
        reachability: Reachability,
        claims: Claims,
        storing: Storing,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._requests = requests
        self._reachability = reachability
        self._claims = claims
        self._storing = storing
        self._clock = clock

    async def send(self, caller: Caller, request: SendMessageRequest) -> SendMessageResponse:
        """Store the message once; a request that was answered before asks nobody and claims nothing again."""
        letter = Letter.read(request)
        practice_id = practice_of(caller)
        attempt = Attempt(caller, practice_id, "SendMessage", letter.request_id, request, SendMessageResponse)
        async with self._database.transaction([practice_id]) as tx:
            answer = await attempt.answered(self._requests, tx)
            known = await patients.load(tx, practice_id, letter.patient_id)
        if answer is not None:
            return answer
        check_read_by(letter.read_by, self._clock())
        await self._reachability.check(practice_id, letter.patient_id, known)
        attachments = await self._claims.claim(
            practice_id=practice_id,
            patient_id=letter.patient_id,
            message_id=attempt.message_id,
            uploader_id=caller.subject_id,
            attachment_ids=letter.attachment_ids,
        )
        return await self._storing.store(
            attempt, letter.by(caller, practice_id, attempt.message_id, attachments)
        )


def reply_period_days(field: str, days: int, *, allowed: bool) -> int:
    """For how many days the patient may answer; refuses a period where no answer is allowed."""
    if days and not allowed:
        raise invalid(field, "must be 0 where the patient may not answer")
    if not 0 <= days <= LONGEST_REPLY_PERIOD_DAYS:
        raise invalid(field, f"must be 0 to {LONGEST_REPLY_PERIOD_DAYS}")
    return days or REPLY_PERIOD_DAYS


def _purpose(value: int) -> Purpose:
    try:
        return Purpose(value)
    except ValueError:
        raise invalid("purpose", "must be one of the purposes") from None
