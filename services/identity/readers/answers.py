"""How staff settle who reads: one person, somebody for somebody, each for themselves; and how that ends."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from praxispost.identity.v1 import readers_pb2
from services.identity import refusals
from services.identity.callers import practice_of
from services.identity.readers.domain import (
    Basis,
    Subject,
    Terms,
    check_merge,
    check_own_contact,
    check_representation,
    check_share,
)
from services.identity.readers.effects import Effects
from services.identity.readers.questions import question_of
from services.identity.readers.subjects import Subjects


@dataclass(frozen=True, slots=True)
class SamePerson:
    """Two records are of one person."""

    other_id: UUID
    archived_id: UUID


@dataclass(frozen=True, slots=True)
class SomebodyReads:
    """One patient reads for another."""

    represented_id: UUID
    representative_id: UUID
    basis: Basis
    terms: Terms


@dataclass(frozen=True, slots=True)
class OwnContact:
    """Everybody reads for themselves."""


Answer: TypeAlias = SamePerson | SomebodyReads | OwnContact


@dataclass(frozen=True, slots=True)
class _Asked:
    """An answer that is being carried out: the record it is about, and all records concerned, locked."""

    practice_id: UUID
    patient: Subject
    subjects: Mapping[UUID, Subject]
    now: datetime


class Answers:
    """The use cases AnswerReaderQuestion and EndRepresentation."""

    def __init__(
        self,
        database: Database,
        requests: Requests,
        subjects: Subjects,
        effects: Effects,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._requests = requests
        self._subjects = subjects
        self._effects = effects
        self._clock = clock

    async def answer(
        self,
        caller: Caller,
        request_id: UUID,
        request: readers_pb2.AnswerReaderQuestionRequest,
        patient_id: UUID,
        answer: Answer,
    ) -> readers_pb2.AnswerReaderQuestionResponse:
        """Settle the open question of a record; says whether it is open still."""
        practice_id = practice_of(caller)

        async def effect() -> readers_pb2.AnswerReaderQuestionResponse:
            open_still = await self._answer(tx, caller, practice_id, patient_id, answer)
            return readers_pb2.AnswerReaderQuestionResponse(open=open_still)

        async with self._database.transaction((practice_id,)) as tx:
            return await self._requests.once(
                tx,
                caller=caller,
                tenant_id=practice_id,
                rpc="AnswerReaderQuestion",
                request_id=request_id,
                request=request,
                response_type=readers_pb2.AnswerReaderQuestionResponse,
                effect=effect,
            )

    async def end(
        self,
        caller: Caller,
        request_id: UUID,
        request: readers_pb2.EndRepresentationRequest,
        patient_id: UUID,
    ) -> readers_pb2.EndRepresentationResponse:
        """End the representation of a patient; says whether it is asked again who reads."""
        practice_id = practice_of(caller)

        async def effect() -> readers_pb2.EndRepresentationResponse:
            now = self._clock()
            subjects = await self._subjects.locked(tx, practice_id, (patient_id,))
            ended = subjects[patient_id]
            if not ended.represented:
                raise refusals.representation_not_found()
            await self._effects.end(tx, practice_id, ended, now)
            await _audit(tx, caller, practice_id, "patient.representation_end", patient_id, now)
            open_again = await question_of(tx, practice_id, patient_id) is not None
            return readers_pb2.EndRepresentationResponse(open=open_again)

        async with self._database.transaction((practice_id,)) as tx:
            return await self._requests.once(
                tx,
                caller=caller,
                tenant_id=practice_id,
                rpc="EndRepresentation",
                request_id=request_id,
                request=request,
                response_type=readers_pb2.EndRepresentationResponse,
                effect=effect,
            )

    async def _answer(
        self, tx: AsyncConnection, caller: Caller, practice_id: UUID, patient_id: UUID, answer: Answer
    ) -> bool:
        subjects = await self._subjects.locked(tx, practice_id, {patient_id, *_named(answer)})
        if any(subjects[each].archived for each in (patient_id, *_named(answer))):
            raise refusals.patient_archived()
        if await question_of(tx, practice_id, patient_id) is None:
            raise refusals.question_not_open()
        asked = _Asked(practice_id, subjects[patient_id], subjects, self._clock())
        match answer:
            case SamePerson():
                await self._same_person(tx, caller, asked, answer)
            case SomebodyReads():
                await self._somebody_reads(tx, caller, asked, answer)
            case OwnContact():
                await self._own_contact(tx, caller, asked)
        return await question_of(tx, practice_id, patient_id) is not None

    async def _same_person(
        self, tx: AsyncConnection, caller: Caller, asked: _Asked, answer: SamePerson
    ) -> None:
        other = asked.subjects[answer.other_id]
        check_share(asked.patient, other)
        archived, kept = (
            (asked.patient, other) if answer.archived_id == asked.patient.id else (other, asked.patient)
        )
        check_merge(archived, kept, asked.now.date())
        await self._effects.merge(tx, asked.practice_id, archived, kept, asked.now)
        await _audit(tx, caller, asked.practice_id, "patient.archive", archived.id, asked.now)

    async def _somebody_reads(
        self, tx: AsyncConnection, caller: Caller, asked: _Asked, answer: SomebodyReads
    ) -> None:
        represented = asked.subjects[answer.represented_id]
        representative = asked.subjects[answer.representative_id]
        if represented.id != asked.patient.id:
            check_share(asked.patient, represented)
        check_representation(represented, representative, answer.basis, asked.now.date())
        await self._effects.represent(
            tx, asked.practice_id, represented, representative, answer.basis, answer.terms, asked.now
        )
        await _audit(
            tx,
            caller,
            asked.practice_id,
            "patient.representation_begin",
            represented.id,
            asked.now,
            why=answer.basis,
        )

    async def _own_contact(self, tx: AsyncConnection, caller: Caller, asked: _Asked) -> None:
        others = [each for each in asked.subjects.values() if each.id != asked.patient.id]
        check_own_contact(asked.patient, others)
        await self._effects.own_contact(tx, asked.practice_id, asked.patient, asked.now)
        await _audit(tx, caller, asked.practice_id, "patient.own_contact", asked.patient.id, asked.now)


def _named(answer: Answer) -> tuple[UUID, ...]:
    """The records that an answer names."""
    match answer:
        case SamePerson():
            return (answer.other_id,)
        case SomebodyReads():
            return answer.represented_id, answer.representative_id
        case OwnContact():
            return ()


async def _audit(
    tx: AsyncConnection,
    caller: Caller,
    practice_id: UUID,
    action: str,
    patient_id: UUID,
    now: datetime,
    *,
    why: str = "",
) -> None:
    await record_audit(
        tx,
        caller=caller,
        tenant_id=practice_id,
        action=action,
        object_kind="patient",
        object_id=patient_id,
        now=now,
        why=why,
    )
