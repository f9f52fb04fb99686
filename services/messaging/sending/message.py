"""A practice writes to one of its patients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from chassis import trace_context
from chassis.caller import Caller
from chassis.database import Database
from chassis.gathering import Gathering, Outcomes
from chassis.idempotency import Key, Requests
from chassis.many_rows import carry_out
from chassis.refusal import Refusal, invalid
from chassis.validation import distinct_uuids, one_line, required_uuid, text
from praxispost.messaging.v1.messaging_pb2 import SendMessageRequest, SendMessageResponse
from services.messaging.callers import practice_of
from services.messaging.messages.domain import Direction, Purpose, author_kind
from services.messaging.patients import storage as patients
from services.messaging.patients.domain import PatientState, why_not
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
from services.messaging.sending.storing import Storable, Storing
from services.messaging.times import optional_moment

_MOST_TOGETHER: Final = 64
_BATCHES_AT_ONCE: Final = 3
_MOST_WAITING: Final = 1024
_LONGEST_LOCK_SECONDS: Final = 2.0


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


@dataclass(frozen=True, slots=True)
class _Wish:
    """A letter that is to be stored; `claimed` are its attachments once the patient can be written to."""

    attempt: Attempt[SendMessageResponse]
    letter: Letter
    traceparent: str
    claimed: tuple[Attachment, ...] | None = None

    @property
    def patient(self) -> tuple[UUID, UUID]:
        """The patient, with the practice."""
        return self.attempt.tenant_id, self.letter.patient_id

    @property
    def storable(self) -> Storable[SendMessageResponse]:
        """What is stored of it."""
        attempt = self.attempt
        draft = self.letter.by(attempt.caller, attempt.tenant_id, attempt.message_id, self.claimed or ())
        return Storable(attempt, draft, self.traceparent)


@dataclass(frozen=True, slots=True)
class _Unclear:
    """Who knows the patient, or who has the attachments, must be asked before the letter can be stored."""

    known: PatientState | None


class _Twin:
    """The same request is in the same batch: it is answered once that is committed."""


_Outcome: TypeAlias = SendMessageResponse | _Unclear | _Twin


class MessageSending:
    """Accepts messages of practices; those that come at the same moment share a transaction."""

    def __init__(
        self,
        database: Database,
        requests: Requests,
        reachability: Reachability,
        claims: Claims,
        storing: Storing,
        clock: Callable[[], datetime],
    ) -> None:
        self._gathering: Gathering[_Wish, _Outcome] = Gathering(
            self._store,
            most=_MOST_TOGETHER,
            at_once=_BATCHES_AT_ONCE,
            most_waiting=_MOST_WAITING,
        )
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
        wish = _Wish(attempt, letter, trace_context.current())
        while True:
            outcome = await self._gathering.carry_out(wish, lane=practice_id)
            if isinstance(outcome, SendMessageResponse):
                return outcome
            if isinstance(outcome, _Unclear):
                wish = replace(wish, claimed=await self._prepare(wish, outcome.known))

    async def _prepare(self, wish: _Wish, known: PatientState | None) -> tuple[Attachment, ...]:
        """The attachments, claimed, once it is clear that the patient can be written to."""
        practice_id, patient_id = wish.patient
        await self._reachability.check(practice_id, patient_id, known)
        return await self._claims.claim(
            practice_id=practice_id,
            patient_id=patient_id,
            message_id=wish.attempt.message_id,
            uploader_id=wish.attempt.caller.subject_id,
            attachment_ids=wish.letter.attachment_ids,
        )

    async def _store(self, wishes: Sequence[_Wish]) -> Outcomes[_Outcome]:
        """What can be stored is, in one transaction; the outcomes of the others say why it cannot."""
        distinct = {each.attempt.key: each for each in wishes}
        outcomes: dict[Key, _Outcome | Refusal] = {}
        # Whoever is held up by others' locks is tried alone, and holds up nobody.
        lock_seconds = _LONGEST_LOCK_SECONDS if len(wishes) > 1 else None
        practices = {each.attempt.tenant_id for each in wishes}
        async with self._database.transaction(practices, lock_seconds=lock_seconds) as tx:
            asked = [each.attempt for each in distinct.values()]
            found, states = await carry_out(
                tx,
                self._requests.finding(asked),
                patients.loading(each.patient for each in distinct.values()),
            )
            outcomes |= self._requests.found(asked, found)
            known = patients.loaded(states)
            ready = []
            for key, wish in distinct.items():
                if key not in outcomes:
                    obstacle = self._obstacle(wish, known.get(wish.patient))
                    if obstacle is None:
                        ready.append(wish.storable)
                    else:
                        outcomes[key] = obstacle
            stored = await self._storing.store_all(tx, ready)
        self._storing.count(stored)
        outcomes |= zip((each.attempt.key for each in ready), stored.outcomes, strict=True)
        return [
            outcomes[each.attempt.key] if distinct[each.attempt.key] is each else _Twin() for each in wishes
        ]

    def _obstacle(self, wish: _Wish, known: PatientState | None) -> Refusal | _Unclear | None:
        """Why the letter cannot be stored now; what is known of the patient is not enough to refuse it."""
        try:
            check_read_by(wish.letter.read_by, self._clock())
        except Refusal as refusal:
            return refusal
        if wish.claimed is not None:
            return None
        is_clear = known is not None and why_not(known) is None and not wish.letter.attachment_ids
        return None if is_clear else _Unclear(known)


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
