"""The legal basis that a practice's messages record."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from services.messaging import tables
from services.messaging.callers import practice_of
from services.messaging.guard.domain import FIRST_LEGAL_BASIS

_BASIS: Final = tables.legal_basis
# Two admins who change it at once come one after the other.
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended('legal basis/' || :practice, 0))")


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A legal basis and since when messages record it; `set_at` is missing for the first one."""

    version: int
    text: str
    set_at: datetime | None


FIRST: Final = LegalBasis(0, FIRST_LEGAL_BASIS, None)


class LegalBases:
    """Keeps each practice's own; what was is kept too, since messages refer to it."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def current(self, caller: Caller) -> LegalBasis:
        """What the practice's next messages record."""
        practice_id = practice_of(caller)
        async with self._database.transaction([practice_id]) as tx:
            return await _newest(tx, practice_id)

    async def change(self, caller: Caller, wanted: str) -> LegalBasis:
        """Record this one from now on; the same as now changes nothing."""
        practice_id, now = practice_of(caller), self._clock()
        async with self._database.transaction([practice_id]) as tx:
            await tx.execute(_LOCK, {"practice": str(practice_id)})
            before = await _newest(tx, practice_id)
            if before.text == wanted:
                return before
            changed = LegalBasis(before.version + 1, wanted, now)
            await _add(tx, caller, practice_id, changed, now)
        return changed


async def load_basis(tx: AsyncConnection, practice_id: UUID, version: int) -> str:
    """The text that a message refers to."""
    if version == FIRST.version:
        return FIRST.text
    query = select(_BASIS.c.text).where(_BASIS.c.practice_id == practice_id, _BASIS.c.version == version)
    found: str = (await tx.execute(query)).scalar_one()
    return found


async def _newest(tx: AsyncConnection, practice_id: UUID) -> LegalBasis:
    query = select(_BASIS).where(_BASIS.c.practice_id == practice_id).order_by(_BASIS.c.version.desc())
    row = (await tx.execute(query.limit(1))).one_or_none()
    return FIRST if row is None else LegalBasis(row.version, row.text, row.set_at)


async def _add(
    tx: AsyncConnection, caller: Caller, practice_id: UUID, basis: LegalBasis, now: datetime
) -> None:
    row = {
        "practice_id": practice_id,
        "version": basis.version,
        "text": basis.text,
        "set_at": now,
        "set_by": caller.subject_id,
    }
    await tx.execute(insert(_BASIS).values(row))
    await record_audit(
        tx,
        caller=caller,
        tenant_id=practice_id,
        action="legal_basis.changed",
        object_kind="practice",
        object_id=practice_id,
        now=now,
    )
