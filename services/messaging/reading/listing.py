"""The practice's lists: its conversations, a patient's history, the facts about one message."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.database import Database
from chassis.paging import Position, split_page
from services.messaging import refusals
from services.messaging.callers import practice_of
from services.messaging.drafts import storage as drafts
from services.messaging.messages.rows import StoredMessage
from services.messaging.reading import pages, storage
from services.messaging.reading.answered import answered_by, joined
from services.messaging.reading.auditing import record_listed
from services.messaging.reading.content import ContentReader, Summary
from services.messaging.reading.stages import Fetch, Place, two_parts
from services.messaging.receipts import storage as receipts
from services.messaging.receipts.facts import Fact
from services.messaging.work import conversations as work
from services.messaging.work import tasks
from services.messaging.work.domain import ConversationState, StaffAnswering, WorkKind

MOST_PATIENTS: Final = 200


@dataclass(frozen=True, slots=True)
class ConversationLine:
    """A conversation in the list."""

    id: UUID
    unread_answers: int
    newest: Summary
    state: ConversationState
    assigned_to: UUID | None
    answering: Sequence[StaffAnswering]
    unread_by_patient: int
    failed: int
    due: int
    held: int
    patient_tasks: int
    drafts: int


@dataclass(frozen=True, slots=True)
class ConversationPage:
    """A page; `end` is missing on the last one."""

    lines: Sequence[ConversationLine]
    end: Position | Place | None


@dataclass(frozen=True, slots=True)
class MessagePage:
    """A page; `end` is missing on the last one."""

    messages: Sequence[Summary]
    end: Position | None


class Listing:
    """Lists for the practice's side."""

    def __init__(self, database: Database, reader: ContentReader, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._reader = reader
        self._clock = clock

    async def conversations(
        self, caller: Caller, after: Position | None, size: int, *only: ColumnElement[bool]
    ) -> ConversationPage:
        """The practice's conversations for which `only` holds, the one with the newest message first."""
        async with self._database.transaction(caller.tenants) as tx:
            found = await pages.conversations(tx, practice_of(caller), after, size + 1, *only)
            page, last = split_page(found, size)
            lines = await self._lines(tx, caller, page)
        return ConversationPage(lines, last.position if last else None)

    async def conversations_first(
        self,
        caller: Caller,
        place: Place,
        size: int,
        first: ColumnElement[bool],
        *only: ColumnElement[bool],
    ) -> ConversationPage:
        """The same, but those of which `first` holds come before all others."""
        practice_id = practice_of(caller)
        async with self._database.transaction(caller.tenants) as tx:

            def part(condition: ColumnElement[bool]) -> Fetch[pages.StoredConversation]:
                return lambda after, most: pages.conversations(tx, practice_id, after, most, condition, *only)

            page, end = await two_parts(part(first), part(~first), lambda each: each.position, place, size)
            lines = await self._lines(tx, caller, page)
        return ConversationPage(lines, end)

    async def _lines(
        self, tx: AsyncConnection, caller: Caller, page: Sequence[pages.StoredConversation]
    ) -> list[ConversationLine]:
        """What the lines show besides the rows, each looked up once for the whole page."""
        practice_id, now = practice_of(caller), self._clock()
        ids, newest = [each.id for each in page], [each.newest for each in page]
        answering = await work.answering(tx, practice_id, ids, now)
        unread = await tasks.unread_by_patient(tx, practice_id, ids, now)
        pending = await tasks.pending(tx, practice_id, {each.patient_id for each in newest})
        summaries = await joined(self._reader, newest, await answered_by(tx, newest))
        await record_listed(
            tx, caller, practice_id, "conversations", ("practice", practice_id), len(page), now
        )
        return [
            _line(
                each,
                summary,
                answering.get(each.id, ()),
                unread.get(each.id, {}),
                pending[each.newest.patient_id],
            )
            for each, summary in zip(page, summaries, strict=True)
        ]

    async def history(
        self, caller: Caller, patient_id: UUID, after: Position | None, size: int
    ) -> MessagePage:
        """One patient's messages of both sides, newest first."""
        practice_id = practice_of(caller)
        async with self._database.transaction(caller.tenants) as tx:
            found = await pages.history(tx, practice_id, patient_id, after, size + 1)
            page, last = split_page(found, size)
            summaries = await joined(self._reader, page, await answered_by(tx, page))
            now = self._clock()
            await record_listed(tx, caller, practice_id, "messages", ("patient", patient_id), len(page), now)
        return MessagePage(summaries, pages.position_of(last) if last is not None else None)

    async def receipt(self, caller: Caller, message_id: UUID) -> tuple[StoredMessage, Sequence[Fact]]:
        """A message with the facts about it, oldest first; refuses MESSAGE_NOT_FOUND."""
        practice_id = practice_of(caller)
        async with self._database.transaction(caller.tenants) as tx:
            message = await storage.load(tx, practice_id, message_id)
            if message is None:
                raise refusals.message_not_found()
            facts = await receipts.facts_of(tx, [(practice_id, message_id)])
        return message, facts[practice_id, message_id]

    async def held(
        self, practice_id: UUID, attachment_ids: Sequence[UUID]
    ) -> tuple[Sequence[UUID], Sequence[UUID]]:
        """Which attachments of a practice its messages have, and which its drafts, in the order asked."""
        async with self._database.transaction([practice_id]) as tx:
            drafted = await drafts.attached(tx, practice_id, attachment_ids)
            sent = await storage.attached(tx, practice_id, attachment_ids)
        return (
            [each for each in attachment_ids if each in sent],
            [each for each in attachment_ids if each in drafted - sent],
        )


def _line(
    stored: pages.StoredConversation,
    newest: Summary,
    answering: Sequence[StaffAnswering],
    unread: Mapping[WorkKind | None, int],
    pending: tasks.Pending,
) -> ConversationLine:
    return ConversationLine(
        id=stored.id,
        unread_answers=stored.unread_answers,
        newest=newest,
        state=stored.state,
        assigned_to=stored.assigned_to,
        answering=answering,
        unread_by_patient=sum(many for kind, many in unread.items() if kind is not WorkKind.HELD),
        failed=unread.get(WorkKind.FAILED, 0),
        due=unread.get(WorkKind.DUE, 0),
        held=unread.get(WorkKind.HELD, 0),
        patient_tasks=pending.tasks,
        drafts=pending.drafts,
    )
