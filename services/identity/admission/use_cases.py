"""What staff see of a patient's way in, and what they can do about it; each is one audited transaction."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from services.identity import refusals
from services.identity.admission.asking import look_again
from services.identity.admission.corrections import trust_address
from services.identity.admission.domain import Attempt
from services.identity.admission.problems import attempts, forget_problems
from services.identity.callers import practice_of
from services.identity.patients.domain import PatientState
from services.identity.patients.marks import Mark, set_mark
from services.identity.patients.states import load_state, tell_changed
from services.identity.tables.practices import binding, patient
from services.identity.tasks import close_task, open_tasks


@dataclass(frozen=True, slots=True)
class AccessOverview:
    """How far a patient got, and what is in the way."""

    state: PatientState
    suspended: bool
    address_suspect: str | None
    task_opened_at: datetime | None
    attempts: list[Attempt]


class PatientAccess:
    """The use cases of AccessService."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def get(self, caller: Caller, patient_id: UUID) -> AccessOverview:
        """The state of the patient's access."""
        async with self._record(caller, patient_id, "access.read") as (tx, state, now):
            tasks = await open_tasks(tx, state.practice_id, patient_id)
            return AccessOverview(
                state=state,
                suspended=not state.bound and await _was_suspended(tx, state),
                address_suspect=await _suspicion(tx, state),
                task_opened_at=tasks.get("cannot_get_in"),
                attempts=await attempts(tx, state.practice_id, patient_id, now),
            )

    async def settle(self, caller: Caller, patient_id: UUID) -> bool:
        """Close the task "cannot get in"; False where none is open."""
        async with self._record(caller, patient_id, "access.settle") as (tx, state, now):
            await forget_problems(tx, state.practice_id, patient_id)
            return await close_task(tx, state.practice_id, patient_id, "cannot_get_in", now)

    async def release_birth_date(self, caller: Caller, patient_id: UUID) -> bool:
        """Let the birth date be tried anew, and look at who gave it last; False where no try was counted."""
        async with self._record(caller, patient_id, "access.release_birth_date") as (tx, state, now):
            released = await tx.execute(
                update(patient)
                .where(_is(state), patient.c.birth_date_tries > 0)
                .values(birth_date_tries=0, version=patient.c.version + 1)
                .returning(patient.c.pair_index)
            )
            row = released.one_or_none()
            if row is None:
                return False
            await tell_changed(tx, state.practice_id, (patient_id,), now)
            await look_again(tx, (row.pair_index,))
            return True

    async def confirm_address(self, caller: Caller, patient_id: UUID) -> bool:
        """Prompts may go to the record's address again; False where nothing spoke against it."""
        async with self._record(caller, patient_id, "access.confirm_address") as (tx, state, now):
            if not state.has_email:
                raise refusals.contact_missing(("email",))
            if not await trust_address(tx, (state.practice_id, patient_id), now):
                return False
            await tx.execute(update(patient).where(_is(state)).values(version=patient.c.version + 1))
            await tell_changed(tx, state.practice_id, (patient_id,), now)
            return True

    async def mark(self, caller: Caller, patient_id: UUID, mark: Mark, wanted: bool) -> bool:
        """Set a mark or take it away; False where the record is so already."""
        action = f"patient.{mark}" if wanted else f"patient.not_{mark}"
        async with self._record(caller, patient_id, action) as (tx, state, now):
            return await set_mark(tx, state.practice_id, patient_id, mark, wanted, now)

    @asynccontextmanager
    async def _record(
        self, caller: Caller, patient_id: UUID, action: str
    ) -> AsyncIterator[tuple[AsyncConnection, PatientState, datetime]]:
        """A transaction on a record of the caller's practice; refuses PATIENT_NOT_FOUND."""
        practice_id, now = practice_of(caller), self._clock()
        async with self._database.transaction((practice_id,)) as tx:
            state = await load_state(tx, practice_id, patient_id)
            if state is None:
                raise refusals.patient_not_found()
            await record_audit(
                tx,
                caller=caller,
                tenant_id=practice_id,
                action=action,
                object_kind="patient",
                object_id=patient_id,
                now=now,
            )
            yield tx, state, now


def _is(state: PatientState) -> ColumnElement[bool]:
    return and_(patient.c.practice_id == state.practice_id, patient.c.id == state.id)


async def _was_suspended(tx: AsyncConnection, state: PatientState) -> bool:
    query = select(binding.c.id).where(
        binding.c.practice_id == state.practice_id,
        binding.c.patient_id == state.id,
        binding.c.state == "suspended",
    )
    return (await tx.execute(query.limit(1))).first() is not None


async def _suspicion(tx: AsyncConnection, state: PatientState) -> str | None:
    query = select(patient.c.address_suspect).where(_is(state))
    suspicion: str | None = (await tx.execute(query)).scalar_one()
    return suspicion
