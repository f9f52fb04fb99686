"""Patients' states in the database."""

from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.messaging import tables
from services.messaging.patients.domain import PatientState

_STATE: Final = tables.patient_state


async def load(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> PatientState | None:
    """The newest state that has come here; None where nothing is known."""
    query = select(_STATE).where(_STATE.c.practice_id == practice_id, _STATE.c.patient_id == patient_id)
    row = (await tx.execute(query)).one_or_none()
    return PatientState(**row._mapping) if row is not None else None


async def store_if_newer(tx: AsyncConnection, state: PatientState) -> bool:
    """Store the state unless a newer one, or the same, came before; says whether it was stored."""
    values = {column.name: getattr(state, column.name) for column in _STATE.c}
    statement = insert(_STATE).values(values)
    newer = statement.on_conflict_do_update(
        index_elements=[_STATE.c.practice_id, _STATE.c.patient_id],
        set_={name: statement.excluded[name] for name in values},
        where=_STATE.c.version < statement.excluded.version,
    )
    return (await tx.execute(newer)).rowcount == 1
