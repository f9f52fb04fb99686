"""Finds one letter by what the outside knows of it, and keeps what came back of it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, TableValuedAlias, and_, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.prompts.domain import Kind
from services.notifier.tables import prompt, prompt_report


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter that went; `contact_version` is None before the relay's acceptance is recorded."""

    practice_id: UUID
    id: UUID
    patient_id: UUID
    kind: Kind
    attempts: int
    contact_version: int | None


async def practice_of_letter(tx: AsyncConnection, letter_id: UUID) -> tuple[UUID, UUID] | None:
    """Practice and id of the letter with this id; the transaction needs no practice."""
    return await _found(tx, func.find_letter(letter_id).table_valued("practice_id", "id"))


async def practice_of_reference(tx: AsyncConnection, reference: str) -> tuple[UUID, UUID] | None:
    """The same of the letter whose link has this reference."""
    return await _found(tx, func.find_letter_by_reference(reference).table_valued("practice_id", "id"))


async def read(tx: AsyncConnection, practice_id: UUID, letter_id: UUID) -> Letter:
    """The letter as it is at the moment."""
    this: ColumnElement[bool] = and_(prompt.c.practice_id == practice_id, prompt.c.id == letter_id)
    columns = (prompt.c.patient_id, prompt.c.kind, prompt.c.attempts, prompt.c.contact_version)
    row = (await tx.execute(select(*columns).where(this))).one()
    return Letter(practice_id, letter_id, row.patient_id, Kind(row.kind), row.attempts, row.contact_version)


async def add_report(tx: AsyncConnection, letter: Letter, kind: str, at: datetime, status: str) -> bool:
    """Keep that this came back; False where the same kind came back before."""
    adding = insert(prompt_report).values(
        practice_id=letter.practice_id, prompt_id=letter.id, kind=kind, at=at, status=status
    )
    return (await tx.execute(adding.on_conflict_do_nothing())).rowcount == 1


async def _found(tx: AsyncConnection, rows: TableValuedAlias) -> tuple[UUID, UUID] | None:
    row = (await tx.execute(select(rows))).one_or_none()
    return None if row is None else (row.practice_id, row.id)
