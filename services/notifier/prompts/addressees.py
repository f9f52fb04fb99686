"""Patients' standing in the database; whoever locks one does so before locking letters."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import DateTime, Row, Select, Uuid, and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.arrays import among, rows_of
from services.notifier.prompts.standing import Reason, Standing, Suspicion
from services.notifier.tables import addressee

PatientKey: TypeAlias = tuple[UUID, UUID]

NEW: Final = Standing()


async def lock(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> Standing:
    """The patient's standing, which nobody else changes until the transaction ends."""
    key = (practice_id, patient_id)
    return (await lock_all(tx, [key]))[key]


async def lock_all(tx: AsyncConnection, patients: Collection[PatientKey]) -> Mapping[PatientKey, Standing]:
    """The same of several, locked in the order of their keys."""
    new = rows_of(
        practice_id=(Uuid(), [practice_id for practice_id, _ in sorted(patients)]),
        patient_id=(Uuid(), [patient_id for _, patient_id in sorted(patients)]),
    )
    adding = insert(addressee).from_select(["practice_id", "patient_id"], select(*new.c))
    await tx.execute(adding.on_conflict_do_nothing())
    in_order = _of(patients).order_by(addressee.c.practice_id, addressee.c.patient_id)
    return _by_patient(await tx.execute(in_order.with_for_update()))


async def read(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> Standing:
    """The patient's standing as it is at the moment."""
    key = (practice_id, patient_id)
    return (await read_all(tx, [key])).get(key, NEW)


async def read_all(tx: AsyncConnection, patients: Collection[PatientKey]) -> Mapping[PatientKey, Standing]:
    """The same of several; those of whom nothing is known are missing, and are NEW."""
    return _by_patient(await tx.execute(_of(patients)))


async def write(tx: AsyncConnection, practice_id: UUID, patient_id: UUID, standing: Standing) -> None:
    """Change what was locked."""
    this = and_(addressee.c.practice_id == practice_id, addressee.c.patient_id == patient_id)
    await tx.execute(update(addressee).where(this).values(_values(standing)))


async def open_windows(tx: AsyncConnection, windows: Mapping[PatientKey, datetime]) -> None:
    """Write when the windows end of patients who were locked."""
    if not windows:
        return
    rows = rows_of(
        practice_id=(Uuid(), [practice_id for practice_id, _ in windows]),
        patient_id=(Uuid(), [patient_id for _, patient_id in windows]),
        ends_at=(DateTime(timezone=True), list(windows.values())),
    )
    this = and_(addressee.c.practice_id == rows.c.practice_id, addressee.c.patient_id == rows.c.patient_id)
    await tx.execute(update(addressee).where(this).values(window_ends_at=rows.c.ends_at))


def _of(patients: Collection[PatientKey]) -> Select[Any]:
    return select(addressee).where(among(addressee.c.practice_id, addressee.c.patient_id, patients))


def _by_patient(rows: Iterable[Row[Any]]) -> dict[PatientKey, Standing]:
    return {(row.practice_id, row.patient_id): _standing(row) for row in rows}


def _standing(row: Row[Any]) -> Standing:
    suspicion = None
    if row.suspect_version is not None:
        suspicion = Suspicion(
            contact_version=row.suspect_version,
            reason=Reason(row.suspect_reason),
            at=row.suspect_at,
            since_record=row.suspect_since_record,
            marked_record=row.marked_record,
            cleared_record=row.cleared_record,
        )
    return Standing(row.window_ends_at, row.record_version, row.contact_version, row.stopped, suspicion)


def _values(standing: Standing) -> dict[str, object]:
    known = standing.suspicion
    return {
        "window_ends_at": standing.window_ends_at,
        "record_version": standing.record_version,
        "contact_version": standing.contact_version,
        "stopped": standing.stopped,
        "suspect_version": None if known is None else known.contact_version,
        "suspect_reason": None if known is None else known.reason.value,
        "suspect_at": None if known is None else known.at,
        "suspect_since_record": 0 if known is None else known.since_record,
        "marked_record": 0 if known is None else known.marked_record,
        "cleared_record": 0 if known is None else known.cleared_record,
    }
