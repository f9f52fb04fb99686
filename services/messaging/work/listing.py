"""The practice's lists of work: conversations by filter, tasks with their counts, what is due."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from chassis.caller import Caller
from chassis.database import Database
from chassis.paging import Position, read_position, split_page
from services.messaging import refusals
from services.messaging.callers import practice_of
from services.messaging.reading import pages
from services.messaging.reading.auditing import record_listed
from services.messaging.reading.content import ContentReader, Summary
from services.messaging.reading.listing import ConversationLine, ConversationPage, Listing
from services.messaging.reading.stages import read_place
from services.messaging.work import tasks
from services.messaging.work.domain import Task, WorkFilter, WorkKind
from services.messaging.work.filters import condition


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A page; `end` is missing on the last one."""

    tasks: Sequence[Task]
    end: Position | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many there are: tasks by kind, open conversations of the caller's, drafts."""

    tasks: Mapping[WorkKind, int]
    assigned_to_caller: int
    drafts: int


@dataclass(frozen=True, slots=True)
class DueLine:
    """A message that is unread, and since when it is overdue."""

    message: Summary
    due_at: datetime


@dataclass(frozen=True, slots=True)
class DuePage:
    """A page; `end` is missing on the last one."""

    lines: Sequence[DueLine]
    end: Position | None


class WorkListing:
    """Lists for the practice's side."""

    def __init__(
        self, database: Database, reader: ContentReader, listing: Listing, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._reader = reader
        self._listing = listing
        self._clock = clock

    async def conversation(self, caller: Caller, conversation_id: UUID) -> ConversationLine:
        """One conversation; refuses CONVERSATION_NOT_FOUND."""
        page = await self._listing.conversations(caller, None, 1, pages.is_conversation(conversation_id))
        if not page.lines:
            raise refusals.conversation_not_found()
        return page.lines[0]

    async def conversations(
        self, caller: Caller, wanted: WorkFilter, token: str, size: int, patient_ids: Collection[UUID]
    ) -> ConversationPage:
        """Those that the filter names, the one with the newest message first; of ALL those with a task."""
        only = condition(wanted, practice_of(caller), caller.subject_id, self._clock())
        those = pages.with_patients(patient_ids)
        if wanted is WorkFilter.ALL:
            return await self._listing.conversations_first(caller, read_place(token), size, only, *those)
        return await self._listing.conversations(caller, read_position(token), size, only, *those)

    async def tasks(self, caller: Caller, after: Position | None, size: int) -> TaskPage:
        """Everything that needs somebody; what has waited longest comes first."""
        async with self._database.transaction(caller.tenants) as tx:
            found = await tasks.page(tx, practice_of(caller), after, size + 1, self._clock())
        page, last = split_page(found, size)
        return TaskPage(page, Position(last.since, last.id) if last else None)

    async def counts(self, caller: Caller) -> Counts:
        """How many tasks of each kind there are, and what else lists have counts for."""
        practice_id = practice_of(caller)
        async with self._database.transaction(caller.tenants) as tx:
            of_kinds = await tasks.counts(tx, practice_id, self._clock())
            assigned, drafts = await tasks.of_caller(tx, practice_id, caller.subject_id)
        return Counts(of_kinds, assigned, drafts)

    async def due(self, caller: Caller, after: Position | None, size: int) -> DuePage:
        """What is unread and overdue; what has been so longest comes first."""
        practice_id, now = practice_of(caller), self._clock()
        async with self._database.transaction(caller.tenants) as tx:
            found = await tasks.due(tx, practice_id, after, size + 1, now)
            page, last = split_page(found, size)
            await record_listed(tx, caller, practice_id, "due", ("practice", practice_id), len(page), now)
        summaries = await self._reader.summaries([each.message for each in page])
        lines = [DueLine(summary, each.due_at) for each, summary in zip(page, summaries, strict=True)]
        return DuePage(lines, Position(last.due_at, last.message.id) if last else None)
