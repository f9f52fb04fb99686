"""Opens a message: its content goes out and, where the other side sent it, the read receipt goes in."""

import dataclasses
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import audit, outbox
from chassis.audit import Act
from chassis.caller import Caller
from chassis.database import Database
from chassis.events import Event
from chassis.gathering import Gathering
from chassis.many_rows import Part, carry_out
from chassis.refusal import Refusal
from praxispost.messaging.v1.events_pb2 import MessageRead
from services.messaging import refusals
from services.messaging.callers import is_account, may_see_message, practice_of, reader_of
from services.messaging.changes import storage as changes
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import StoredMessage
from services.messaging.metrics import Metrics
from services.messaging.reading import storage
from services.messaging.reading.answered import answered_by, joined
from services.messaging.reading.content import Content, ContentReader, Summary
from services.messaging.reading.storage import MessageKey, StoredContent
from services.messaging.receipts.domain import Receipt
from services.messaging.receipts.facts import Fact, FactKind, Reader, fact_id
from services.messaging.receipts.recording import Derived, changes_of, record_facts, record_facts_of
from services.messaging.receipts.storage import NewFact

# A message is sent, and then read for the first time: that is all its events tell of.
_READ_VERSION: Final = 2
# Of patients and of practices each; sending has three, and all together not all connections.
_MOST_TOGETHER: Final = 64
_BATCHES_AT_ONCE: Final = 2
_MOST_WAITING: Final = 256


@dataclass(frozen=True, slots=True)
class _Wish:
    """A message that somebody wants to open."""

    caller: Caller
    practice_id: UUID
    message_id: UUID

    @property
    def key(self) -> MessageKey:
        """The message."""
        return self.practice_id, self.message_id


@dataclass(frozen=True, slots=True)
class _Released:
    """Who gets which content."""

    caller: Caller
    stored: StoredContent

    @property
    def message(self) -> StoredMessage:
        """The message."""
        return self.stored.message


class Opening:
    """Gives out the content of single messages."""

    def __init__(
        self, database: Database, reader: ContentReader, metrics: Metrics, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._reader = reader
        self._metrics = metrics
        self._clock = clock
        # Apart, since the practice's side locks conversations first, and the patient's side messages only.
        self._of_patients = self._gathering()
        self._of_practices = self._gathering()

    async def open(self, caller: Caller, practice_id: UUID | None, message_id: UUID) -> Content:
        """The content to a person, and the receipt in the same transaction, which others' openings share.

        Refuses MESSAGE_NOT_FOUND, CONTENT_ERASED, and for the patient's side MESSAGE_WITHDRAWN.
        Content that cannot be opened undoes the receipt: nobody has read it.
        """
        wish = _Wish(caller, _practice(caller, practice_id), message_id)
        gathering = self._of_patients if is_account(caller) else self._of_practices
        return await gathering.carry_out(wish, lane=wish.practice_id)

    async def open_all(
        self, caller: Caller, practice_id: UUID | None, message_ids: Sequence[UUID]
    ) -> Sequence[Content]:
        """The same for several messages of a practice, in the order asked; what is blocked has no content.

        Refuses MESSAGE_NOT_FOUND, where that holds of any of them.
        """
        practice = _practice(caller, practice_id)
        async with self._database.transaction([practice]) as tx:
            found = await _visible(tx, caller, practice, message_ids)
            opened = [_Released(caller, each) for each in found if not _is_blocked(caller, each.message)]
            blocked = [each.message for each in found if _is_blocked(caller, each.message)]
            contents, derived = await self._release(tx, opened)
            bare = await joined(self._reader, blocked, await answered_by(tx, blocked))
        self._metrics.derived(derived)
        known = {each.summary.message.id: each for each in contents}
        known |= {each.message.id: Content(each, "", ()) for each in bare}
        return [known[each] for each in message_ids]

    async def read(self, caller: Caller, message_id: UUID) -> Content:
        """The content to a program, which is no receipt; refuses MESSAGE_NOT_FOUND, CONTENT_ERASED."""
        practice = practice_of(caller)
        async with self._database.transaction([practice]) as tx:
            [stored] = await _visible(tx, caller, practice, [message_id])
            _check_open(caller, stored.message)
            contents = await self._contents(tx, [stored])
            await carry_out(tx, _audit([_Released(caller, stored)], "message.read", self._clock()))
        return contents[0]

    def _gathering(self) -> Gathering[_Wish, Content]:
        return Gathering(
            self._open_each,
            most=_MOST_TOGETHER,
            at_once=_BATCHES_AT_ONCE,
            most_waiting=_MOST_WAITING,
        )

    async def _open_each(self, wishes: Sequence[_Wish]) -> list[Content | Exception]:
        """Each wish's own content or refusal; of one side only. The transaction reaches all their practices,
        so that for each it is checked, once more, whose message it is."""
        async with self._database.transaction(sorted({each.practice_id for each in wishes})) as tx:
            lock = is_account(wishes[0].caller)
            stored = await storage.load_contents(tx, {each.key for each in wishes}, lock=lock)
            outcomes = [_allowed(each, stored.get(each.key)) for each in wishes]
            contents, derived = await self._release(
                tx, [each for each in outcomes if isinstance(each, _Released)]
            )
        self._metrics.derived(derived)
        released = iter(contents)
        return [next(released) if isinstance(each, _Released) else each for each in outcomes]

    async def _release(
        self, tx: AsyncConnection, released: Sequence[_Released]
    ) -> tuple[list[Content], list[Derived]]:
        """The contents, with the receipts that follow from giving them out."""
        now = self._clock()
        contents = await self._contents(tx, [each.stored for each in released])
        derived = await self._receipts(tx, released, now)
        receipts = {each.key: each.receipt for each in derived}
        return [
            dataclasses.replace(
                content, summary=_with_receipt(content.summary, receipts.get(each.message.key))
            )
            for content, each in zip(contents, released, strict=True)
        ], derived

    async def _contents(self, tx: AsyncConnection, stored: Sequence[StoredContent]) -> list[Content]:
        """With the subjects of what is answered."""
        contents = await self._reader.contents(stored)
        messages = [each.message for each in stored]
        answered = await answered_by(tx, messages)
        if not answered:
            return contents
        summaries = await joined(self._reader, messages, answered)
        return [
            dataclasses.replace(content, summary=summary)
            for content, summary in zip(contents, summaries, strict=True)
        ]

    async def _receipts(
        self, tx: AsyncConnection, released: Sequence[_Released], now: datetime
    ) -> list[Derived]:
        unread = [each for each in released if each.message.receipt.read_at is None]
        readers = [(each.message, reader_of(each.caller, each.message)) for each in unread]
        facts = [_opened(message, reader, now) for message, reader in readers if reader is not None]
        answers = [message for message, reader in readers if reader is Reader.PRACTICE]

        def also(derived: Sequence[Derived]) -> Iterable[Part]:
            first = [each for each in derived if _first_read(each)]
            events = [_event(each.message, now) for each in first]
            return (
                _audit(released, "message.opened", now),
                outbox.recording(tx, events),
                *changes.recording(tx, changes_of(first, now)),
            )

        if answers:
            await _lock_conversations(tx, answers)
            derived = await record_facts(tx, facts, also)
        else:  # locked when they were read
            messages = {message.key: message for message, reader in readers if reader is not None}
            derived = await record_facts_of(tx, list(messages.values()), facts, also)
        for each in derived:
            if each.message.direction is Direction.TO_PRACTICE and _first_read(each):
                await storage.answer_was_read(tx, each.message.practice_id, each.message.conversation_id)
        return derived


def _practice(caller: Caller, practice_id: UUID | None) -> UUID:
    """The practice that is named, or the caller's own; refuses MESSAGE_NOT_FOUND where it is another's."""
    practice = practice_of(caller) if practice_id is None else practice_id
    if practice not in caller.tenants:
        raise refusals.message_not_found()
    return practice


async def _visible(
    tx: AsyncConnection, caller: Caller, practice_id: UUID, message_ids: Sequence[UUID]
) -> list[StoredContent]:
    # Under the lock that whoever withdraws a message takes, too: once it is withdrawn, no content goes out.
    keys = [(practice_id, each) for each in message_ids]
    stored = await storage.load_contents(tx, keys, lock=is_account(caller))
    found = [stored[key] for key in keys if key in stored]
    if len(found) < len(keys) or not all(may_see_message(caller, each.message) for each in found):
        raise refusals.message_not_found()
    return found


def _allowed(wish: _Wish, stored: StoredContent | None) -> _Released | Refusal:
    if stored is None or not may_see_message(wish.caller, stored.message):
        return refusals.message_not_found()
    try:
        _check_open(wish.caller, stored.message)
    except Refusal as refusal:
        return refusal
    return _Released(wish.caller, stored)


def _is_blocked(caller: Caller, message: StoredMessage) -> bool:
    return message.erased_at is not None or (message.withdrawn_at is not None and is_account(caller))


def _check_open(caller: Caller, message: StoredMessage) -> None:
    if message.withdrawn_at is not None and is_account(caller):
        raise refusals.message_withdrawn()
    if message.erased_at is not None:
        raise refusals.content_erased()


async def _lock_conversations(tx: AsyncConnection, answers: Collection[StoredMessage]) -> None:
    for practice_id, conversation_id in sorted(
        {(each.practice_id, each.conversation_id) for each in answers}
    ):
        await storage.lock_conversation(tx, practice_id, conversation_id)


def _audit(released: Iterable[_Released], action: str, now: datetime) -> Part:
    """A row for each."""
    return audit.recording(
        Act(each.caller, each.message.practice_id, action, "message", each.message.id, now)
        for each in released
    )


def _first_read(derived: Derived) -> bool:
    return derived.message.receipt.read_at is None and derived.receipt.read_at is not None


def _opened(message: StoredMessage, reader: Reader, now: datetime) -> NewFact:
    fact = Fact(fact_id(message.id, FactKind.OPENED), FactKind.OPENED, now, reader=reader)
    return NewFact(message.practice_id, message.id, fact)


def _event(message: StoredMessage, now: datetime) -> Event:
    return Event(
        type="messaging.message_read",
        tenant_id=message.practice_id,
        aggregate_id=message.id,
        aggregate_version=_READ_VERSION,
        occurred_at=now,
        data=MessageRead(patient_id=str(message.patient_id), conversation_id=str(message.conversation_id)),
    )


def _with_receipt(summary: Summary, receipt: Receipt | None) -> Summary:
    if receipt is None:
        return summary
    return dataclasses.replace(summary, message=dataclasses.replace(summary.message, receipt=receipt))
