"""Practices' rows."""

from collections.abc import Collection
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import DateTime, Integer, Row, Uuid, bindparam, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.paging import Position
from services.identity.practices.domain import Practice, PracticeSettings
from services.identity.tables.practices import practice

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_AFTER: Final = text("SELECT * FROM practices_after(:at, :id, :most)").bindparams(
    bindparam("at", type_=DateTime(timezone=True)),
    bindparam("id", type_=Uuid),
    bindparam("most", type_=Integer),
)


async def add_practice(tx: AsyncConnection, new: Practice) -> None:
    """Store a new practice."""
    await tx.execute(insert(practice).values(id=new.id, created_at=new.created_at, **asdict(new.settings)))


async def get_practice(tx: AsyncConnection, practice_id: UUID, *, locked: bool = False) -> Practice | None:
    """Return the practice, None where there is none; locked: until the end others wait who ask the same.

    Who only adds rows that refer to the practice, such as patients, does not wait.
    """
    query = select(practice).where(practice.c.id == practice_id)
    row = (await tx.execute(query.with_for_update(key_share=True) if locked else query)).one_or_none()
    return None if row is None else _practice(row)


async def get_practices(tx: AsyncConnection, practice_ids: Collection[UUID]) -> dict[UUID, Practice]:
    """Return those of the practices that exist, by id."""
    query = select(practice).where(practice.c.id.in_(practice_ids))
    return {row.id: _practice(row) for row in await tx.execute(query)}


async def change_settings(tx: AsyncConnection, practice_id: UUID, settings: PracticeSettings) -> None:
    """Store other settings."""
    await tx.execute(update(practice).where(practice.c.id == practice_id).values(**asdict(settings)))


async def page_of_practices(tx: AsyncConnection, after: Position | None, most: int) -> list[Practice]:
    """Return at most so many of all practices, oldest first; no tenant is asked for."""
    begin = {"at": after.at, "id": after.id} if after else {"at": _BEGINNING, "id": UUID(int=0)}
    return [_practice(row) for row in await tx.execute(_AFTER, {**begin, "most": most})]


def _practice(row: Row[tuple[object, ...]]) -> Practice:
    settings = PracticeSettings(
        row.name,
        row.prompt_name,
        row.phone,
        row.language,
        row.region,
        row.absence_notice,
        row.imprint_url,
        row.privacy_url,
    )
    return Practice(row.id, settings, row.created_at)
