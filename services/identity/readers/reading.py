"""How staff see who reads for a patient, and what is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.paging import Position
from services.identity import refusals
from services.identity.callers import practice_of
from services.identity.readers.questions import OpenQuestion, page_of_questions, question_of
from services.identity.readers.representations import Representation, Representations, represented_by
from services.identity.tables.practices import patient


@dataclass(frozen=True, slots=True)
class Readers:
    """Who reads for a patient, for whom the patient reads, and what is asked."""

    question: OpenQuestion | None
    representation: Representation | None
    represented: tuple[UUID, ...]
    merged_into: UUID | None


class ReaderReading:
    """The use cases GetReaders and ListReaderQuestions."""

    def __init__(
        self, database: Database, representations: Representations, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._representations = representations
        self._clock = clock

    async def get(self, caller: Caller, patient_id: UUID) -> Readers:
        """Who reads for the patient."""
        practice_id = practice_of(caller)
        async with self._database.transaction((practice_id,)) as tx:
            merged_into = await _merged_into(tx, practice_id, patient_id)
            await record_audit(
                tx,
                caller=caller,
                tenant_id=practice_id,
                action="patient.read_readers",
                object_kind="patient",
                object_id=patient_id,
                now=self._clock(),
            )
            return Readers(
                question=await question_of(tx, practice_id, patient_id),
                representation=await self._representations.of_patient(tx, practice_id, patient_id),
                represented=await represented_by(tx, practice_id, (patient_id,)),
                merged_into=merged_into,
            )

    async def questions(self, caller: Caller, after: Position | None, most: int) -> list[OpenQuestion]:
        """At most so many open questions of the practice, oldest first."""
        practice_id = practice_of(caller)
        async with self._database.transaction((practice_id,)) as tx:
            await record_audit(
                tx,
                caller=caller,
                tenant_id=practice_id,
                action="reader_question.list",
                object_kind="practice",
                object_id=practice_id,
                now=self._clock(),
            )
            return await page_of_questions(tx, practice_id, after, most)


async def _merged_into(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> UUID | None:
    query = select(patient.c.merged_into).where(
        patient.c.practice_id == practice_id, patient.c.id == patient_id
    )
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        raise refusals.patient_not_found()
    merged_into: UUID | None = row.merged_into
    return merged_into
