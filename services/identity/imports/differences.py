"""What an import said instead of a record's verified contact data, until the practice has decided."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.records import RecordSealer
from services.identity.tables.access import import_difference
from services.identity.tasks import close_task, open_task

_D = import_difference.c


@dataclass(frozen=True, slots=True, repr=False)
class Difference:
    """The contact data of the import; nobody may see them in a log."""

    email: str | None
    mobile: str | None
    noticed_at: datetime


async def note_difference(
    tx: AsyncConnection,
    sealer: RecordSealer,
    contact: tuple[str | None, str | None],
    difference_index: bytes,
    now: datetime,
) -> None:
    """Keep what the import says and open the task; what was settled before is not asked again."""
    email, mobile = contact
    row = {
        "email": sealer.seal_optional("imported_email", email),
        "mobile": sealer.seal_optional("imported_mobile", mobile),
        "difference_index": difference_index,
        "noticed_at": now,
        "settled_at": None,
    }
    place = {"practice_id": sealer.practice_id, "patient_id": sealer.record_id}
    statement = insert(import_difference).values(**place, **row)
    statement = statement.on_conflict_do_update(
        index_elements=list(place), set_=row, where=_D.difference_index != difference_index
    )
    if (await tx.execute(statement.returning(_D.patient_id))).first() is not None:
        await open_task(tx, sealer.practice_id, sealer.record_id, "import_differs", now)


async def open_difference(tx: AsyncConnection, sealer: RecordSealer) -> Difference | None:
    """What is to be decided of the record, None where nothing is."""
    query = select(_D.email, _D.mobile, _D.noticed_at).where(
        _D.practice_id == sealer.practice_id, _D.patient_id == sealer.record_id, _D.settled_at.is_(None)
    )
    row = (await tx.execute(query)).one_or_none()
    if row is None:
        return None
    return Difference(
        sealer.open_optional("imported_email", row.email),
        sealer.open_optional("imported_mobile", row.mobile),
        row.noticed_at,
    )


async def settle_difference(
    tx: AsyncConnection, place: tuple[UUID, UUID], said: bytes | None, now: datetime
) -> bool:
    """Close the task of the record at (practice, patient); False where none is open.

    `said`: only if the import said this.
    """
    practice_id, patient_id = place
    statement = update(import_difference).where(
        _D.practice_id == practice_id, _D.patient_id == patient_id, _D.settled_at.is_(None)
    )
    if said is not None:
        statement = statement.where(_D.difference_index == said)
    settled = await tx.execute(statement.values(settled_at=now))
    if settled.rowcount == 0:
        return False
    return await close_task(tx, practice_id, patient_id, "import_differs", now)
