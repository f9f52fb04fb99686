"""Lists drafts, and opens single ones for whoever of the practice goes on writing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.caller import Caller
from chassis.database import Database
from chassis.paging import Position, split_page
from services.messaging import refusals
from services.messaging.callers import practice_of
from services.messaging.drafts import storage
from services.messaging.drafts.domain import SavedDraft
from services.messaging.drafts.keeping import audit
from services.messaging.drafts.sealing import DraftSealing
from services.messaging.drafts.storage import StoredDraft
from services.messaging.messages.content_keys import ContentKeys
from services.messaging.reading.auditing import record_listed


@dataclass(frozen=True, slots=True)
class DraftLine:
    """A draft in the list."""

    draft: StoredDraft
    subject: str


@dataclass(frozen=True, slots=True)
class DraftPage:
    """A page; `end` is missing on the last one."""

    lines: Sequence[DraftLine]
    end: Position | None


class DraftReading:
    """Shows a practice's drafts to its staff."""

    def __init__(self, database: Database, keys: ContentKeys, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._sealing = DraftSealing(keys)
        self._clock = clock

    async def page(
        self, caller: Caller, patient_id: UUID | None, after: Position | None, size: int
    ) -> DraftPage:
        """The practice's drafts, or those to one patient, the one that was saved last first."""
        practice_id = practice_of(caller)
        async with self._database.transaction(caller.tenants) as tx:
            found = await storage.page(tx, practice_id, patient_id, after, size + 1)
            page, last = split_page(found, size)
            whose = ("practice", practice_id) if patient_id is None else ("patient", patient_id)
            await record_listed(tx, caller, practice_id, "drafts", whose, len(page), self._clock())
        subjects = await self._sealing.subjects(page)
        lines = [DraftLine(each, subject) for each, subject in zip(page, subjects, strict=True)]
        return DraftPage(lines, last.position if last else None)

    async def get(self, caller: Caller, draft_id: UUID) -> SavedDraft:
        """The draft with its text; refuses DRAFT_NOT_FOUND."""
        async with self._database.transaction(caller.tenants) as tx:
            stored = await storage.load(tx, practice_of(caller), draft_id)
            if stored is None:
                raise refusals.draft_not_found()
            await audit(tx, caller, stored.head, "draft.opened", self._clock())
            return await self._sealing.opened(stored)
