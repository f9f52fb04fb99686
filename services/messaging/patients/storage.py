"""Patients' states in the database."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from typing import Final
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.many_rows import ManyRows, Part, Returned, types_of
from services.messaging import tables
from services.messaging.patients.domain import PatientState

_STATE: Final = tables.patient_state
_KNOWN: Final = tuple(column for column in _STATE.c if column.name != "prompted_version")
_NAMES: Final = tuple(column.name for column in _KNOWN)
_LOAD: Final = ManyRows(
    f"SELECT {', '.join(_NAMES)}"
    " FROM {rows} AS wanted (practice_id, patient_id) JOIN patient_state USING (practice_id, patient_id)",
    types_of(_STATE, "practice_id", "patient_id"),
)


async def load(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> PatientState | None:
    """The newest state that has come here; None where nothing is known."""
    return (await load_all(tx, practice_id, [patient_id])).get(patient_id)


async def load_all(
    tx: AsyncConnection, practice_id: UUID, patient_ids: Collection[UUID]
) -> dict[UUID, PatientState]:
    """The same for several patients; those of whom nothing is known are missing."""
    query = select(*_KNOWN).where(_STATE.c.practice_id == practice_id, _STATE.c.patient_id.in_(patient_ids))
    return {row.patient_id: PatientState(**row._mapping) for row in await tx.execute(query)}


def loading(patients: Iterable[tuple[UUID, UUID]]) -> Part:
    """Loads patients of several practices, given with these; see `loaded`."""
    return _LOAD.of(set(patients))


def loaded(rows: Returned) -> Mapping[tuple[UUID, UUID], PatientState]:
    """What `loading` returned; those of whom nothing is known are missing."""
    states = [PatientState(**dict(zip(_NAMES, row, strict=True))) for row in rows]
    return {(each.practice_id, each.patient_id): each for each in states}


async def store_if_newer(tx: AsyncConnection, state: PatientState) -> bool:
    """Store the state unless a newer one, or the same, came before; says whether it was stored.

    Whoever is written to from now on is prompted at these contact data, so they need no prompt again.
    """
    values = asdict(state)
    statement = insert(_STATE).values(**values, prompted_version=state.contact_version)
    prompted = func.coalesce(_STATE.c.prompted_version, _STATE.c.contact_version)
    newer = statement.on_conflict_do_update(
        index_elements=[_STATE.c.practice_id, _STATE.c.patient_id],
        set_={**{name: statement.excluded[name] for name in values}, "prompted_version": prompted},
        where=_STATE.c.version < statement.excluded.version,
    )
    return (await tx.execute(newer)).rowcount == 1


async def take_prompted(tx: AsyncConnection, state: PatientState) -> bool:
    """Note that unread messages are prompted at the stored contact data; says whether they were not yet."""
    statement = (
        update(_STATE)
        .where(
            _STATE.c.practice_id == state.practice_id,
            _STATE.c.patient_id == state.patient_id,
            _STATE.c.contact_version > _STATE.c.prompted_version,
        )
        .values(prompted_version=_STATE.c.contact_version)
    )
    return (await tx.execute(statement)).rowcount == 1
