"""Marks of a patient's wishes and fate; each change of one is told to the other services."""

from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.patients.states import tell_changed
from services.identity.tables.practices import patient

Mark: TypeAlias = Literal["objected", "permitted", "deceased", "archived"]
Suspicion: TypeAlias = Literal["refused", "not_for_me"]

_COLUMNS: Final = {
    "objected": patient.c.objected_at,
    "permitted": patient.c.permitted_at,
    "deceased": patient.c.deceased_at,
    "archived": patient.c.archived_at,
}


async def set_mark(
    tx: AsyncConnection, practice_id: UUID, patient_id: UUID, mark: Mark, wanted: bool, now: datetime
) -> bool:
    """Set the mark or take it away, and tell; False where the record does not exist or is so already."""
    column = _COLUMNS[mark]
    marked = await tx.execute(
        update(patient)
        .where(
            patient.c.practice_id == practice_id,
            patient.c.id == patient_id,
            column.is_(None) if wanted else column.is_not(None),
        )
        .values({column: now if wanted else None, patient.c.version: patient.c.version + 1})
    )
    if marked.rowcount == 0:
        return False
    await tell_changed(tx, practice_id, (patient_id,), now)
    return True


async def suspect_address(
    tx: AsyncConnection,
    practice_id: UUID,
    patient_id: UUID,
    suspicion: Suspicion,
    *,
    contact_version: int,
    now: datetime,
) -> bool:
    """No more prompts to the record's address, and tell; False where it is another address by now.

    What its reader said outweighs what a server said: it stays when both come.
    """
    suspected = await tx.execute(
        update(patient)
        .where(
            patient.c.practice_id == practice_id,
            patient.c.id == patient_id,
            patient.c.contact_version == contact_version,
            patient.c.address_suspect.is_distinct_from(suspicion),
            patient.c.address_suspect.is_distinct_from("not_for_me"),
        )
        .values(address_suspect=suspicion, version=patient.c.version + 1)
    )
    if suspected.rowcount == 0:
        return False
    await tell_changed(tx, practice_id, (patient_id,), now)
    return True
