"""Opens a message: its content goes out and, where the other side sent it, the read receipt goes in."""

import dataclasses
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.audit import record_audits
from chassis.caller import Caller
from chassis.database import Database
from chassis.events import Event
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
from services.messaging.reading.storage import StoredContent
from services.messaging.receipts.domain import Receipt
from services.messaging.receipts.facts import Fact, FactKind, Reader, fact_id
from services.messaging.receipts.recording import Derived, changes_of, record_facts
from services.messaging.receipts.storage import NewFact

# A message is sent, and then read for the first time: that is all its events tell of.
_READ_VERSION: Final = 2


class Opening:
    """Gives out the content of single messages."""

    def __init__(
        self, database: Database, reader: ContentReader, metrics: Metrics, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._reader = reader
        self._metrics = metrics
        self._clock = clock

    async def open(self, caller: Caller, practice_id: UUID | None, message_id: UUID) -> Content:
        """The content to a person, and the receipt in the same transaction.

        Refuses MESSAGE_NOT_FOUND, CONTENT_ERASED, and for the patient's side MESSAGE_WITHDRAWN.
        Content that cannot be opened undoes the receipt: nobody has read it.
        """
        async with self._database.transaction(caller.tenants) as tx:
            [stored] = await _visible(tx, caller, practice_id, [message_id])
            _check_open(caller, stored.message)
            contents, derived = await self._release(tx, caller, [stored])
        self._metrics.derived(derived)
        return contents[0]

    async def open_all(
        self, caller: Caller, practice_id: UUID | None, message_ids: Sequence[UUID]
    ) -> Sequence[Content]:
        """The same for several messages of a practice, in the order asked; what is blocked has no content.

        Refuses MESSAGE_NOT_FOUND, where that holds of any of them.
        """
        async with self._database.transaction(caller.tenants) as tx:
            found = await _visible(tx, caller, practice_id, message_ids)
            opened = [each for each in found if not _is_blocked(caller, each.message)]
            blocked = [each.message for each in found if _is_blocked(caller, each.message)]
            contents, derived = await self._release(tx, caller, opened)
            bare = await self._summaries(tx, blocked)
        self._metrics.derived(derived)
        known = {each.summary.message.id: each for each in contents}
        known |= {each.message.id: Content(each, "", ()) for each in bare}
        return [known[each] for each in message_ids]

    async def read(self, caller: Caller, message_id: UUID) -> Content:
        """The content to a program, which is no receipt; refuses MESSAGE_NOT_FOUND, CONTENT_ERASED."""
        async with self._database.transaction(caller.tenants) as tx:
            [stored] = await _visible(tx, caller, None, [message_id])
            _check_open(caller, stored.message)
            [summary] = await self._summaries(tx, [stored.message])
            [content] = await self._reader.contents([stored])
            await _audit(tx, caller, [stored.message], "message.read", self._clock())
        return dataclasses.replace(content, summary=summary)

    async def _release(
        self, tx: AsyncConnection, caller: Caller, stored: Sequence[StoredContent]
    ) -> tuple[list[Content], list[Derived]]:
        """The contents, with the receipts that follow from giving them out."""
        now, messages = self._clock(), [each.message for each in stored]
        summaries = await self._summaries(tx, messages)
        contents = await self._reader.contents(stored)
        await _audit(tx, caller, messages, "message.opened", now)
        derived = await self._receipts(tx, caller, messages, now)
        receipts = {each.message.id: each.receipt for each in derived}
        return [
            dataclasses.replace(content, summary=_with_receipt(summary, receipts.get(summary.message.id)))
            for content, summary in zip(contents, summaries, strict=True)
        ], derived

    async def _summaries(self, tx: AsyncConnection, messages: Sequence[StoredMessage]) -> list[Summary]:
        return await joined(self._reader, messages, await answered_by(tx, messages))

    async def _receipts(
        self, tx: AsyncConnection, caller: Caller, messages: Sequence[StoredMessage], now: datetime
    ) -> list[Derived]:
        readers = [(each, reader_of(caller, each)) for each in messages if each.receipt.read_at is None]
        facts = [_opened(each, reader, now) for each, reader in readers if reader is not None]
        await _lock_conversations(tx, [each for each, reader in readers if reader is Reader.PRACTICE])
        derived = await record_facts(tx, facts) if facts else []
        first = [each for each in derived if _first_read(each)]
        for each in first:
            if each.message.direction is Direction.TO_PRACTICE:
                await storage.answer_was_read(tx, each.message.practice_id, each.message.conversation_id)
        await outbox.record_all(tx, [_event(each.message, now) for each in first])
        await changes.record(tx, changes_of(first, now))
        return derived


async def _visible(
    tx: AsyncConnection, caller: Caller, practice_id: UUID | None, message_ids: Sequence[UUID]
) -> list[StoredContent]:
    if practice_id is None:
        practice_id = practice_of(caller)
    # Under the lock that whoever withdraws a message takes, too: once it is withdrawn, no content goes out.
    stored = await storage.load_contents(tx, practice_id, message_ids, lock=is_account(caller))
    found = [stored[each] for each in message_ids if each in stored]
    if len(found) < len(message_ids) or not all(may_see_message(caller, each.message) for each in found):
        raise refusals.message_not_found()
    return found


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


async def _audit(
    tx: AsyncConnection, caller: Caller, messages: Sequence[StoredMessage], action: str, now: datetime
) -> None:
    """A row for each; all are of one practice."""
    if messages:
        await record_audits(
            tx,
            caller=caller,
            tenant_id=messages[0].practice_id,
            action=action,
            object_kind="message",
            object_ids=[each.id for each in messages],
            now=now,
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
