"""The mailbox of an account over all its practices: what it shows has been received."""

import dataclasses
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.caller import Caller
from chassis.database import Database
from chassis.events import Event
from chassis.paging import Position, read_position, split_page
from chassis.validation import distinct_uuids, optional_uuid, page_size
from praxispost.messaging.v1.events_pb2 import MessageShown
from praxispost.messaging.v1.messaging_pb2 import ListMailboxRequest
from services.messaging.callers import patients_of
from services.messaging.changes import storage as changes
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import StoredMessage
from services.messaging.metrics import Metrics
from services.messaging.reading import pages
from services.messaging.reading.answered import answered_by, joined
from services.messaging.reading.auditing import record_listed
from services.messaging.reading.content import ContentReader, Summary
from services.messaging.reading.pages import MailboxPart
from services.messaging.reading.stages import Fetch, Place, read_place, two_parts
from services.messaging.receipts.domain import Evidence
from services.messaging.receipts.facts import Fact, FactKind, fact_id
from services.messaging.receipts.recording import Derived, changes_of, record_facts
from services.messaging.receipts.storage import NewFact
from services.messaging.work.tasks import count_unread

# A message is sent, and then shown for the first time.
_SHOWN_VERSION: Final = 2
_MOST_PATIENTS: Final = 50


@dataclass(frozen=True, slots=True)
class MailboxWish:
    """Which messages are wanted; `patient_ids` is empty and `answers_to` missing where all are."""

    place: Place
    size: int
    unread_first: bool
    patient_ids: frozenset[UUID]
    answers_to: UUID | None

    @classmethod
    def read(cls, request: ListMailboxRequest) -> "MailboxWish":
        """From the request; refuses INVALID_FIELD."""
        if request.unread_first:
            place = read_place(request.page_token)
        else:
            place = Place(in_second=True, after=read_position(request.page_token))
        return cls(
            place,
            page_size(request.page_size),
            request.unread_first,
            _patients(request),
            optional_uuid("in_reply_to", request.in_reply_to),
        )

    def of(self, caller: Caller) -> list[tuple[UUID, UUID]]:
        """Those of the account's patients whose messages are wanted, with their practices."""
        wanted = self.patient_ids
        return [each for each in patients_of(caller) if not wanted or each[1] in wanted]


@dataclass(frozen=True, slots=True)
class MailboxPage:
    """A page, with how many messages are unread by patient; `next_token` is empty on the last one."""

    messages: Sequence[Summary]
    next_token: str
    unread: Mapping[tuple[UUID, UUID], int]


class Mailbox:
    """Lists for the patient's side."""

    def __init__(
        self, database: Database, reader: ContentReader, metrics: Metrics, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._reader = reader
        self._metrics = metrics
        self._clock = clock

    async def page(self, caller: Caller, wish: MailboxWish) -> MailboxPage:
        """Messages of the practices and patients that the account is bound to, newest first, now shown.

        A subject that cannot be opened undoes the receipts: nothing was shown.
        """
        async with self._database.transaction(caller.tenants) as tx:
            page, next_token = await _found(tx, caller, wish)
            now = self._clock()
            derived = await record_facts(tx, [_shown(each, now) for each in page if _is_new(each)])
            answered = await answered_by(tx, page)
            summaries = await joined(self._reader, _after_showing(page, derived), answered)
            shown = [each.message for each in derived if _first_shown(each)]
            unread = await count_unread(tx, patients_of(caller))
            for practice_id, many in sorted(Counter(each.practice_id for each in page).items()):
                whose = ("account", caller.subject_id)
                await record_listed(tx, caller, practice_id, "mailbox", whose, many, now)
            await outbox.record_all(tx, [_event(each, now) for each in shown])
            await changes.record(tx, changes_of(derived, now))
        self._metrics.derived(derived)
        return MailboxPage(summaries, next_token, unread)


def _patients(request: ListMailboxRequest) -> frozenset[UUID]:
    one = optional_uuid("patient_id", request.patient_id)
    several = distinct_uuids("patient_ids", request.patient_ids, maximum=_MOST_PATIENTS)
    return frozenset(several if one is None else (*several, one))


async def _found(
    tx: AsyncConnection, caller: Caller, wish: MailboxWish
) -> tuple[Sequence[StoredMessage], str]:
    def part(which: MailboxPart) -> Fetch[StoredMessage]:
        return lambda after, most: pages.mailbox(
            tx, wish.of(caller), which, after, most, answered=wish.answers_to
        )

    if wish.unread_first:
        first, second = part(MailboxPart.UNREAD), part(MailboxPart.REST)
        if wish.answers_to is not None:  # those nobody of the patient's side has to open
            first, second = _none, part(MailboxPart.ANSWERS)
        page, end = await two_parts(first, second, pages.position_of, wish.place, wish.size)
        return page, end.token() if end is not None else ""
    which = MailboxPart.ALL if wish.answers_to is None else MailboxPart.ANSWERS
    page, last = split_page(await part(which)(wish.place.after, wish.size + 1), wish.size)
    return page, pages.position_of(last).token() if last is not None else ""


async def _none(after: Position | None, most: int) -> Sequence[StoredMessage]:
    return ()


def _is_new(message: StoredMessage) -> bool:
    """What was opened needs no weaker evidence; of what was withdrawn there is nothing to receive."""
    receipt = message.receipt
    return (
        message.direction is Direction.TO_PATIENT
        and message.withdrawn_at is None
        and receipt.evidence is not Evidence.SHOWN_IN_MAILBOX
        and receipt.read_at is None
    )


def _first_shown(derived: Derived) -> bool:
    shown = Evidence.SHOWN_IN_MAILBOX
    return derived.receipt.evidence is shown and derived.message.receipt.evidence is not shown


def _event(message: StoredMessage, now: datetime) -> Event:
    return Event(
        type="messaging.message_shown",
        tenant_id=message.practice_id,
        aggregate_id=message.id,
        aggregate_version=_SHOWN_VERSION,
        occurred_at=now,
        data=MessageShown(patient_id=str(message.patient_id), conversation_id=str(message.conversation_id)),
    )


def _shown(message: StoredMessage, now: datetime) -> NewFact:
    return NewFact(
        message.practice_id, message.id, Fact(fact_id(message.id, FactKind.SHOWN), FactKind.SHOWN, now)
    )


def _after_showing(page: Sequence[StoredMessage], derived: Sequence[Derived]) -> list[StoredMessage]:
    receipts = {(each.message.practice_id, each.message.id): each.receipt for each in derived}
    return [
        dataclasses.replace(each, receipt=receipts.get((each.practice_id, each.id), each.receipt))
        for each in page
    ]
