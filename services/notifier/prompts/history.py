"""Reads what became of a patient's prompts."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import UUID

from sqlalchemy import Row, Table, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from chassis.paging import Position, split_page
from services.notifier.prompts import addressees
from services.notifier.prompts.standing import Standing
from services.notifier.tables import prompt, prompt_attempt, prompt_message, prompt_report

Rows: TypeAlias = Sequence[Row[Any]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A letter with everything that belongs to it, as rows of the database."""

    letter: Row[Any]
    message_ids: Sequence[UUID]
    attempts: Rows
    reports: Rows


@dataclass(frozen=True, slots=True)
class Page:
    """Letters, newest first, where the next page begins, and how the patient stands."""

    entries: Sequence[Entry]
    next: Position | None
    standing: Standing


class History:
    """The prompts of a practice's patients."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def page(self, practice_id: UUID, patient_id: UUID, after: Position | None, size: int) -> Page:
        """Return a page; an empty one for a patient that the practice does not have."""
        async with self._database.transaction([practice_id]) as tx:
            found = await _letters(tx, practice_id, patient_id, after, size + 1)
            letters, last = split_page(found, size)
            ids = [letter.id for letter in letters]
            messages = await _belonging(tx, prompt_message, practice_id, ids, "message_id")
            attempts = await _belonging(tx, prompt_attempt, practice_id, ids, "number")
            reports = await _belonging(tx, prompt_report, practice_id, ids, "at")
            standing = await addressees.read(tx, practice_id, patient_id)
        entries = [
            Entry(
                letter,
                [row.message_id for row in messages[letter.id] if row.needed],
                attempts[letter.id],
                reports[letter.id],
            )
            for letter in letters
        ]
        return Page(entries, Position(last.created_at, last.id) if last is not None else None, standing)


async def _letters(
    tx: AsyncConnection, practice_id: UUID, patient_id: UUID, after: Position | None, count: int
) -> Rows:
    newest_first = (prompt.c.created_at.desc(), prompt.c.id.desc())
    query = (
        select(prompt)
        .where(prompt.c.practice_id == practice_id, prompt.c.patient_id == patient_id)
        .order_by(*newest_first)
        .limit(count)
    )
    if after is not None:
        query = query.where(tuple_(prompt.c.created_at, prompt.c.id) < (after.at, after.id))
    return (await tx.execute(query)).all()


async def _belonging(
    tx: AsyncConnection, table: Table, practice_id: UUID, prompt_ids: Collection[UUID], order: str
) -> Mapping[UUID, list[Row[Any]]]:
    """The table's rows by their letter, in order."""
    found: defaultdict[UUID, list[Row[Any]]] = defaultdict(list)
    query = select(table).where(table.c.practice_id == practice_id, table.c.prompt_id.in_(prompt_ids))
    for row in await tx.execute(query.order_by(table.c[order])):
        found[row.prompt_id].append(row)
    return found
