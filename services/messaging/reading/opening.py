"""Opens a message: its content goes out and, where the other side sent it, the read receipt goes in."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.audit import record_audit
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
from services.messaging.reading.content import Content, ContentReader
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
        now = self._clock()
        async with self._database.transaction(caller.tenants) as tx:
            stored = await _visible(tx, caller, practice_id, message_id)
            content = await self._reader.content(stored)
            await _audit(tx, caller, stored.message, "message.opened", now)
            derived = await self._receipt(tx, caller, stored.message, now)
        self._metrics.derived(derived)
        return _with_receipt(content, derived[0].receipt) if derived else content

    async def read(self, caller: Caller, message_id: UUID) -> Content:
        """The content to a program, which is no receipt; refuses MESSAGE_NOT_FOUND, CONTENT_ERASED."""
        async with self._database.transaction(caller.tenants) as tx:
            stored = await _visible(tx, caller, None, message_id)
            content = await self._reader.content(stored)
            await _audit(tx, caller, stored.message, "message.read", self._clock())
        return content

    async def _receipt(
        self, tx: AsyncConnection, caller: Caller, message: StoredMessage, now: datetime
    ) -> list[Derived]:
        reader = reader_of(caller, message)
        if reader is None or message.receipt.read_at is not None:
            return []
        if message.direction is Direction.TO_PRACTICE:
            await storage.lock_conversation(tx, message.practice_id, message.conversation_id)
        derived = await record_facts(tx, [_opened(message, reader, now)])
        if any(_first_read(each) for each in derived):
            if message.direction is Direction.TO_PRACTICE:
                await storage.answer_was_read(tx, message.practice_id, message.conversation_id)
            await outbox.record(tx, _event(message, now))
            await changes.record(tx, changes_of(derived, now))
        return derived


async def _visible(
    tx: AsyncConnection, caller: Caller, practice_id: UUID | None, message_id: UUID
) -> StoredContent:
    if practice_id is None:
        practice_id = practice_of(caller)
    # Under the lock that whoever withdraws a message takes, too: once it is withdrawn, no content goes out.
    stored = await storage.load_content(tx, practice_id, message_id, lock=is_account(caller))
    if stored is None or not may_see_message(caller, stored.message):
        raise refusals.message_not_found()
    if stored.message.withdrawn_at is not None and is_account(caller):
        raise refusals.message_withdrawn()
    if stored.message.erased_at is not None:
        raise refusals.content_erased()
    return stored


async def _audit(
    tx: AsyncConnection, caller: Caller, message: StoredMessage, action: str, now: datetime
) -> None:
    await record_audit(
        tx,
        caller=caller,
        tenant_id=message.practice_id,
        action=action,
        object_kind="message",
        object_id=message.id,
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


def _with_receipt(content: Content, receipt: Receipt) -> Content:
    message = dataclasses.replace(content.summary.message, receipt=receipt)
    return dataclasses.replace(content, summary=dataclasses.replace(content.summary, message=message))
