"""Patients' standing in the database; whoever locks one does so before locking letters."""

from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, and_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.prompts.standing import Reason, Standing, Suspicion
from services.notifier.tables import addressee

_NEW: Final = Standing()


async def lock(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> Standing:
    """The patient's standing, which nobody else changes until the transaction ends."""
    adding = insert(addressee).values(practice_id=practice_id, patient_id=patient_id)
    await tx.execute(adding.on_conflict_do_nothing())
    row = (await tx.execute(_of(practice_id, patient_id).with_for_update())).one()
    return _standing(row)


async def read(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> Standing:
    """The patient's standing as it is at the moment."""
    row = (await tx.execute(_of(practice_id, patient_id))).one_or_none()
    return _NEW if row is None else _standing(row)


async def write(tx: AsyncConnection, practice_id: UUID, patient_id: UUID, standing: Standing) -> None:
    """Change what was locked."""
    this = and_(addressee.c.practice_id == practice_id, addressee.c.patient_id == patient_id)
    await tx.execute(update(addressee).where(this).values(_values(standing)))


def _of(practice_id: UUID, patient_id: UUID) -> Any:
    return select(addressee).where(
        addressee.c.practice_id == practice_id, addressee.c.patient_id == patient_id
    )


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
