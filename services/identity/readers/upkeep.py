"""Looks after representations once a day: ends what has run out, asks again at 14, tells of ends to come."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Date, Integer, bindparam, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.database import Database
from services.identity.callers import SYSTEM
from services.identity.patients.states import tell_changed
from services.identity.readers.domain import ends_soon, holds, is_to_be_asked_again
from services.identity.readers.effects import Effects
from services.identity.readers.questions import open_question, question_of
from services.identity.readers.representations import Representation, Representations
from services.identity.readers.subjects import Subjects
from services.identity.tables.readers import representation
from services.identity.tasks import open_task

_MOST_AT_ONCE: Final = 100
_TO_CHECK: Final = text("SELECT practice_id, id FROM representations_to_check(:today, :most)").bindparams(
    bindparam("today", type_=Date), bindparam("most", type_=Integer)
)


class Upkeep:
    """Checks representations; one that has run out gives no access any more, also before it is ended here."""

    def __init__(
        self,
        database: Database,
        representations: Representations,
        subjects: Subjects,
        effects: Effects,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._representations = representations
        self._subjects = subjects
        self._effects = effects
        self._clock = clock

    async def check_some(self) -> bool:
        """Look at some that were not looked at today; True where there may be more."""
        now = self._clock()
        async with self._database.transaction() as tx:
            found = (await tx.execute(_TO_CHECK, {"today": now.date(), "most": _MOST_AT_ONCE})).all()
        for row in found:
            async with self._database.transaction((row.practice_id,)) as tx:
                await self._check(tx, row.practice_id, row.id, now)
        return len(found) == _MOST_AT_ONCE

    async def _check(
        self, tx: AsyncConnection, practice_id: UUID, representation_id: UUID, now: datetime
    ) -> None:
        looked_at = await self._representations.get(tx, practice_id, representation_id)
        if looked_at is None:
            return
        subjects = await self._subjects.locked(tx, practice_id, (looked_at.patient_id,))
        known = await self._representations.get(tx, practice_id, representation_id)
        if known is None:
            return
        today = now.date()
        if not holds(known.basis, known.terms, known.born, today):
            await self._effects.end(tx, practice_id, subjects[known.patient_id], now)
            await _audit(tx, known, "patient.representation_end", now)
            return
        await _ask_again(tx, known, now)
        if ends_soon(known.basis, known.terms, known.born, today):
            await open_task(tx, practice_id, known.patient_id, "representation_ends", now)
        await _note(tx, known, checked_on=today)


async def _ask_again(tx: AsyncConnection, known: Representation, now: datetime) -> None:
    """Ask at 14, once; where it is asked already for another cause, that question stands for both."""
    due = is_to_be_asked_again(known.basis, known.born, known.began_at.date(), now.date())
    if not due or known.asked_at is not None:
        return
    if await question_of(tx, known.practice_id, known.patient_id) is None:
        await open_question(tx, known.practice_id, known.patient_id, "fourteen", now)
        await tell_changed(tx, known.practice_id, (known.patient_id,), now)
        await _audit(tx, known, "patient.ask_readers", now)
    await _note(tx, known, asked_at=now)


async def _note(tx: AsyncConnection, known: Representation, **values: date | datetime) -> None:
    this = (representation.c.practice_id == known.practice_id) & (representation.c.id == known.id)
    await tx.execute(update(representation).where(this).values(values))


async def _audit(tx: AsyncConnection, known: Representation, action: str, now: datetime) -> None:
    await record_audit(
        tx,
        caller=SYSTEM,
        tenant_id=known.practice_id,
        action=action,
        object_kind="patient",
        object_id=known.patient_id,
        now=now,
    )
