"""Which registrations were probably meant for a record, and what is in their way, in the database."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, bindparam, delete, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import limit_to_tenants
from services.identity.admission.domain import Addressee, Attempt, Obstacle, Place
from services.identity.tables.access import access_problem
from services.identity.tables.people import registration
from services.identity.tables.practices import binding, patient
from services.identity.tasks import open_task

_P = access_problem.c
_WITH_EMAIL: Final = text(
    "SELECT DISTINCT practice_id FROM patients_by_email(:email_index) ORDER BY practice_id"
).bindparams(bindparam("email_index", type_=LargeBinary))
_WITH_PROBLEM: Final = text("SELECT practice_id FROM practices_with_problem(:registration_id)").bindparams(
    bindparam("registration_id", type_=Uuid)
)
_BOUND: Final = (
    select(binding.c.id)
    .where(
        binding.c.practice_id == patient.c.practice_id,
        binding.c.patient_id == patient.c.id,
        binding.c.state == "active",
    )
    .correlate(patient)
    .exists()
)


async def addressees(tx: AsyncConnection, email_index: bytes) -> list[Addressee]:
    """The living records with this address, in all practices; limits the transaction to these."""
    practices = (await tx.execute(_WITH_EMAIL, {"email_index": email_index})).scalars().all()
    await limit_to_tenants(tx, practices)
    query = select(patient.c.practice_id, patient.c.id, _BOUND).where(
        patient.c.email_index == email_index,
        patient.c.archived_at.is_(None),
        patient.c.deceased_at.is_(None),
    )
    return [Addressee(*row) for row in await tx.execute(query)]


async def replace_problems(
    tx: AsyncConnection,
    registration_id: UUID,
    found: Mapping[Place, Obstacle],
    *,
    free: frozenset[Place],
    now: datetime,
) -> None:
    """From now on these are in the registration's way; each new one becomes a task of its practice.

    `free`: records that nothing separates from it any more; where they were noted, that is noted now.
    """
    noted_in = (await tx.execute(_WITH_PROBLEM, {"registration_id": registration_id})).scalars().all()
    await limit_to_tenants(tx, {*noted_in, *(practice_id for practice_id, _ in found)})
    noted = await _noted(tx, registration_id)
    wanted: dict[Place, Obstacle] = {**dict.fromkeys(noted.keys() & free, "none"), **found}
    gone = sorted(noted.keys() - wanted.keys())
    if gone:
        these = tuple_(_P.practice_id, _P.patient_id).in_(gone)
        await tx.execute(delete(access_problem).where(_P.registration_id == registration_id, these))
    for place in sorted(wanted):
        if noted.get(place) != wanted[place]:
            await _note(tx, registration_id, place, wanted[place], now)


async def attempts(tx: AsyncConnection, practice_id: UUID, patient_id: UUID, now: datetime) -> list[Attempt]:
    """The registrations that were probably meant for the record and whose proofs last, newest first."""
    query = (
        select(registration.c.state, _P.obstacle, _P.noticed_at, registration.c.expires_at)
        .join(registration, registration.c.id == _P.registration_id)
        .where(_P.practice_id == practice_id, _P.patient_id == patient_id, registration.c.expires_at > now)
        .order_by(_P.noticed_at.desc(), registration.c.id)
    )
    rows = await tx.execute(query)
    return [Attempt(row.state == "proven", row.obstacle, row.noticed_at, row.expires_at) for row in rows]


async def forget_problems(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> None:
    """Forget what is in the way of the record: it was settled otherwise."""
    await tx.execute(delete(access_problem).where(_P.practice_id == practice_id, _P.patient_id == patient_id))


async def _noted(tx: AsyncConnection, registration_id: UUID) -> dict[Place, Obstacle]:
    query = select(_P.practice_id, _P.patient_id, _P.obstacle).where(_P.registration_id == registration_id)
    return {(row.practice_id, row.patient_id): row.obstacle for row in await tx.execute(query)}


async def _note(
    tx: AsyncConnection, registration_id: UUID, place: Place, obstacle: Obstacle, now: datetime
) -> None:
    practice_id, patient_id = place
    row = {"obstacle": obstacle, "noticed_at": now}
    key = {"practice_id": practice_id, "patient_id": patient_id, "registration_id": registration_id}
    statement = insert(access_problem).values(**key, **row)
    await tx.execute(statement.on_conflict_do_update(index_elements=list(key), set_=row))
    if obstacle != "none":
        await open_task(tx, practice_id, patient_id, "cannot_get_in", now)
