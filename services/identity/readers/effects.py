"""What an answer changes: representations, bindings, merged records; then what is asked is settled."""

from collections.abc import Callable, Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.patients.states import raise_versions, tell_changed
from services.identity.readers.domain import Basis, Cause, Subject, Terms
from services.identity.readers.questions import close_question, question_of, settle
from services.identity.readers.representations import (
    NewRepresentation,
    Representations,
    end_representation,
    hand_over,
    represented_by,
)
from services.identity.tables.practices import binding, patient
from services.identity.tasks import close_task

_P = patient.c
_B = binding.c


class Effects:
    """Changes records that the caller has locked (`Subjects.locked`)."""

    def __init__(self, representations: Representations, new_id: Callable[[], UUID]) -> None:
        self._representations = representations
        self._new_id = new_id

    async def represent(
        self,
        tx: AsyncConnection,
        practice_id: UUID,
        represented: Subject,
        representative: Subject,
        basis: Basis,
        terms: Terms,
        now: datetime,
    ) -> None:
        """From now on one reads for the other, alone; the question about the represented is answered.

        A pair binds one record of a practice to itself, and where both have the same it is the
        representative's: a binding of the represented by it ends.
        """
        await self._no_representation(tx, practice_id, represented.id, now)
        new = NewRepresentation(self._new_id(), represented.id, representative.id, basis, terms)
        await self._representations.add(tx, practice_id, new, now)
        if represented.pair_index is not None and represented.pair_index == representative.pair_index:
            await _end_bindings(tx, practice_id, represented.id)
        await self._answered(tx, practice_id, represented.id, now)
        await _finish(tx, practice_id, {represented.email_index}, {represented.id}, now)

    async def own_contact(self, tx: AsyncConnection, practice_id: UUID, own: Subject, now: datetime) -> None:
        """From now on the patient reads alone; the question is answered."""
        await self._no_representation(tx, practice_id, own.id, now)
        await self._answered(tx, practice_id, own.id, now)
        await _finish(tx, practice_id, {own.email_index}, {own.id}, now)

    async def merge(
        self, tx: AsyncConnection, practice_id: UUID, archived: Subject, kept: Subject, now: datetime
    ) -> None:
        """One record goes into another of the same person: nobody reads it any more, nor is asked to."""
        represented = await represented_by(tx, practice_id, (archived.id,))
        await hand_over(tx, practice_id, archived.id, kept.id)
        await self._no_representation(tx, practice_id, archived.id, now)
        await _end_bindings(tx, practice_id, archived.id)
        if await question_of(tx, practice_id, archived.id) is not None:
            await close_question(tx, practice_id, archived.id, now)
        merged = {"archived_at": now, "merged_into": kept.id}
        await tx.execute(update(patient).where(_is(practice_id, archived.id)).values(merged))
        changed = {archived.id, kept.id, *represented}
        await _finish(tx, practice_id, {archived.email_index}, changed, now)

    async def end(self, tx: AsyncConnection, practice_id: UUID, represented: Subject, now: datetime) -> None:
        """Nobody reads for the patient any more; where the contact data are shared it is asked again."""
        await self._no_representation(tx, practice_id, represented.id, now)
        emails = {represented.email_index}
        await _finish(
            tx, practice_id, emails, {represented.id}, now, (represented.id,), cause="representation_ended"
        )

    async def _no_representation(
        self, tx: AsyncConnection, practice_id: UUID, patient_id: UUID, now: datetime
    ) -> None:
        if await end_representation(tx, practice_id, patient_id, now):
            await close_task(tx, practice_id, patient_id, "representation_ends", now)

    async def _answered(
        self, tx: AsyncConnection, practice_id: UUID, patient_id: UUID, now: datetime
    ) -> None:
        if await question_of(tx, practice_id, patient_id) is not None:
            await close_question(tx, practice_id, patient_id, now)
        await tx.execute(update(patient).where(_is(practice_id, patient_id)).values(reader_answered=True))


async def _finish(
    tx: AsyncConnection,
    practice_id: UUID,
    emails: Collection[bytes | None],
    changed: Collection[UUID],
    now: datetime,
    arrived: Collection[UUID] = (),
    *,
    cause: Cause = "contact_shared",
) -> None:
    """Settle what is asked now, and tell of every record that changed."""
    settled = await settle(tx, practice_id, emails, arrived, now, cause=cause)
    await raise_versions(tx, practice_id, changed)
    await tell_changed(tx, practice_id, settled | set(changed), now)


async def _end_bindings(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> None:
    these = and_(_B.practice_id == practice_id, _B.patient_id == patient_id, _B.state != "ended")
    await tx.execute(update(binding).where(these).values(state="ended"))


def _is(practice_id: UUID, patient_id: UUID) -> ColumnElement[bool]:
    return and_(_P.practice_id == practice_id, _P.id == patient_id)
