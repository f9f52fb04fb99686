"""The flags of patients' records, and the event that tells the other services of them."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.arrays import is_one_of
from chassis.events import Event
from chassis.outbox import record_all
from praxispost.identity.v1 import events_pb2
from services.identity.patients.domain import PatientData, PatientState
from services.identity.readers.representations import represented_by
from services.identity.tables.practices import binding, patient
from services.identity.tables.readers import representation

PATIENT_CHANGED: Final = "identity.patient_changed"

_BOUND_ITSELF: Final = exists().where(
    binding.c.practice_id == patient.c.practice_id,
    binding.c.patient_id == patient.c.id,
    binding.c.state == "active",
)
_READER_BOUND: Final = exists().where(
    representation.c.practice_id == patient.c.practice_id,
    representation.c.patient_id == patient.c.id,
    representation.c.ended_at.is_(None),
    binding.c.practice_id == representation.c.practice_id,
    binding.c.patient_id == representation.c.representative_id,
    binding.c.state == "active",
)
_BOUND: Final[ColumnElement[bool]] = or_(_BOUND_ITSELF, _READER_BOUND)

STATE_COLUMNS: Final = (
    patient.c.practice_id,
    patient.c.id,
    patient.c.version,
    patient.c.contact_version,
    patient.c.email.is_not(None).label("has_email"),
    patient.c.mobile.is_not(None).label("has_mobile"),
    patient.c.conflict,
    _BOUND.label("bound"),
    patient.c.birth_date_tries,
    patient.c.objected_at.is_not(None).label("objected"),
    patient.c.permitted_at.is_not(None).label("permitted"),
    patient.c.deceased_at.is_not(None).label("deceased"),
    patient.c.archived_at.is_not(None).label("archived"),
    patient.c.address_suspect.is_not(None).label("address_suspect"),
)


def state_of(row: Row[tuple[object, ...]]) -> PatientState:
    """Return the state in a row that has STATE_COLUMNS."""
    columns = row._mapping
    return PatientState(**{column.name: columns[column.name] for column in STATE_COLUMNS})


async def load_state(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> PatientState | None:
    """Return the record's state, None where the practice has no such record."""
    found = await load_states(tx, practice_id, (patient_id,))
    return found[0] if found else None


async def load_states(
    tx: AsyncConnection, practice_id: UUID, patient_ids: Collection[UUID]
) -> tuple[PatientState, ...]:
    """Return the states of those records that exist, by id."""
    query = (
        select(*STATE_COLUMNS)
        .where(patient.c.practice_id == practice_id, is_one_of(patient.c.id, patient_ids))
        .order_by(patient.c.id)
    )
    return tuple(state_of(row) for row in await tx.execute(query))


async def tell_changed(
    tx: AsyncConnection, practice_id: UUID, patient_ids: Collection[UUID], now: datetime
) -> None:
    """Record the event for each of these records, whose versions have risen in this transaction."""
    await record_all(tx, await changes(tx, practice_id, patient_ids, now))


async def changes(
    tx: AsyncConnection, practice_id: UUID, patient_ids: Collection[UUID], now: datetime
) -> list[Event]:
    """The event of each of these records as they are now."""
    if not patient_ids:
        return []
    return [change(state, now) for state in await load_states(tx, practice_id, patient_ids)]


async def binding_changed(tx: AsyncConnection, practice_id: UUID, patient_id: UUID, now: datetime) -> None:
    """After a binding was made, suspended or ended: raise the record's version and record the event.

    The same for whom the patient represents: they are bound where their representative is.
    """
    concerned = (patient_id, *await represented_by(tx, practice_id, (patient_id,)))
    await raise_versions(tx, practice_id, concerned)
    await tell_changed(tx, practice_id, concerned, now)


async def raise_versions(tx: AsyncConnection, practice_id: UUID, patient_ids: Collection[UUID]) -> None:
    """Raise the versions of these records, of which nothing else says that they changed."""
    await tx.execute(
        update(patient)
        .where(patient.c.practice_id == practice_id, patient.c.id.in_(patient_ids))
        .values(version=patient.c.version + 1)
    )


def new_state(practice_id: UUID, patient_id: UUID, data: PatientData) -> PatientState:
    """The state of a record that was just stored."""
    return PatientState(
        practice_id=practice_id,
        id=patient_id,
        version=1,
        contact_version=1,
        has_email=data.email is not None,
        has_mobile=data.mobile is not None,
        conflict=False,
        bound=False,
        birth_date_tries=0,
        objected=False,
        deceased=False,
        archived=False,
        address_suspect=False,
        permitted=False,
    )


def change(state: PatientState, now: datetime) -> Event:
    """The event that tells of a record as it is now."""
    return Event(
        type=PATIENT_CHANGED,
        tenant_id=state.practice_id,
        aggregate_id=state.id,
        aggregate_version=state.version,
        occurred_at=now,
        data=events_pb2.PatientChanged(
            contact_version=state.contact_version,
            has_email=state.has_email,
            has_mobile=state.has_mobile,
            conflict=state.conflict,
            bound=state.bound,
            objected=state.objected,
            deceased=state.deceased,
            archived=state.archived,
            address_suspect=state.address_suspect,
        ),
    )
