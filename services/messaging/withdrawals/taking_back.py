"""Withdraws messages, closes them for replies, erases their content: each once, each a new fact."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.events import Event
from praxispost.messaging.v1.events_pb2 import MessageWithdrawn
from services.messaging import refusals
from services.messaging.callers import practice_of
from services.messaging.changes import storage as changes
from services.messaging.changes.domain import Change, ChangeKind
from services.messaging.guard.step_up import StepUpPurpose, StepUps
from services.messaging.messages.domain import Direction, WithdrawalReason
from services.messaging.messages.rows import StoredMessage
from services.messaging.reading import storage as reading
from services.messaging.receipts import storage as receipts
from services.messaging.receipts.domain import UNSENT, State
from services.messaging.receipts.facts import Fact, FactKind, fact_id
from services.messaging.receipts.recording import record_facts
from services.messaging.receipts.storage import NewFact
from services.messaging.sending.claims import Claims
from services.messaging.withdrawals import storage
from services.messaging.work.unread import forget

Write: TypeAlias = Callable[[AsyncConnection, StoredMessage, datetime], Awaitable[None]]

# After having been sent and read.
_WITHDRAWN_VERSION: Final = 3


class Withdrawals:
    """Takes back, for the practice's side, what a message still allows."""

    def __init__(
        self, database: Database, claims: Claims, step_ups: StepUps, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._step_ups = step_ups
        self._claims = claims
        self._clock = clock

    async def withdraw(self, caller: Caller, message_id: UUID, reason: WithdrawalReason) -> datetime:
        """Block the content for the patient's side; returns since when it is. Refuses MESSAGE_HELD.

        The block is stored before attachments are told, and told again where that failed the last time.
        """

        async def write(tx: AsyncConnection, message: StoredMessage, now: datetime) -> None:
            await storage.withdraw(tx, message, reason, now)
            if message.direction is Direction.TO_PATIENT:
                await forget(tx, [(message.practice_id, message.id)])
            await outbox.record(tx, _withdrawn(message, now))

        async with self._database.transaction(caller.tenants) as tx:
            message = await _locked(tx, caller, message_id)
            if message.receipt.state is State.HELD:
                raise refusals.message_held()
            withdrawn_at = message.withdrawn_at or await self._take_back(
                tx, caller, message, FactKind.WITHDRAWN, write, why=reason.name.lower()
            )
        if message.attachment_count:
            await self._claims.withdraw(message.practice_id, message.id)
        return withdrawn_at

    async def close_for_replies(self, caller: Caller, message_id: UUID) -> datetime:
        """End the permission to answer; returns since when. Refuses REPLY_NOT_ALLOWED."""
        async with self._database.transaction(caller.tenants) as tx:
            message = await _locked(tx, caller, message_id)
            if message.reply_until is None:
                raise refusals.reply_not_allowed()
            return message.replies_closed_at or await self._take_back(
                tx, caller, message, FactKind.REPLIES_CLOSED, storage.close_for_replies
            )

    async def erase(self, caller: Caller, message_id: UUID, step_up: str) -> datetime:
        """Destroy the content of a withdrawn message, for who proved who they are; returns when.

        The attachments go first: whoever is answered that all is erased can rely on it.
        """
        purpose = StepUpPurpose.ERASE_CONTENT
        if await self._step_ups.read(caller, step_up, purpose, message_id) is None:
            raise refusals.step_up_refused()
        async with self._database.transaction(caller.tenants) as tx:
            message = _erasable(await _locked(tx, caller, message_id))
        if message.erased_at is None and message.attachment_count:
            await self._claims.erase(message.practice_id, message.id)
        async with self._database.transaction(caller.tenants) as tx:
            message = await _locked(tx, caller, message_id)
            return message.erased_at or await self._take_back(tx, caller, message, FactKind.ERASED, destroy)

    async def _take_back(
        self,
        tx: AsyncConnection,
        caller: Caller,
        message: StoredMessage,
        kind: FactKind,
        write: Write,
        why: str = "",
    ) -> datetime:
        now = self._clock()
        await write(tx, message, now)
        fact = Fact(fact_id(message.id, kind), kind, now)
        await record_facts(tx, [NewFact(message.practice_id, message.id, fact)])
        await record_audit(
            tx,
            caller=caller,
            tenant_id=message.practice_id,
            action=f"message.{kind.name.lower()}",
            object_kind="message",
            object_id=message.id,
            now=now,
            why=why,
        )
        await changes.record(tx, [change_of(message, now)])
        return now


async def _locked(tx: AsyncConnection, caller: Caller, message_id: UUID) -> StoredMessage:
    """The conversation is locked first, as by who answers: an answer comes before this, or is refused."""
    practice_id = practice_of(caller)
    found = await reading.load(tx, practice_id, message_id)
    if found is None:
        raise refusals.message_not_found()
    await reading.lock_conversation(tx, practice_id, found.conversation_id)
    [message] = await receipts.lock(tx, [(practice_id, message_id)])
    return message


async def destroy(tx: AsyncConnection, message: StoredMessage, now: datetime) -> None:
    """An answer that nobody has opened waits for nobody any more: nobody can."""
    await storage.erase(tx, message, now)
    if message.direction is Direction.TO_PRACTICE and message.receipt.read_at is None:
        await forget(tx, [(message.practice_id, message.id)])
        await reading.answer_was_read(tx, message.practice_id, message.conversation_id)


def _erasable(message: StoredMessage) -> StoredMessage:
    if message.withdrawn_at is None:
        raise refusals.not_withdrawn()
    return message


def change_of(message: StoredMessage, now: datetime) -> Change:
    """The patient's side is not told either that there is something it was never sent."""
    return Change(
        ChangeKind.HELD if message.receipt.state in UNSENT else ChangeKind.WITHDRAWAL,
        message.practice_id,
        message.patient_id,
        message.conversation_id,
        message.id,
        now,
    )


def _withdrawn(message: StoredMessage, now: datetime) -> Event:
    return Event(
        type="messaging.message_withdrawn",
        tenant_id=message.practice_id,
        aggregate_id=message.id,
        aggregate_version=_WITHDRAWN_VERSION,
        occurred_at=now,
        data=MessageWithdrawn(
            patient_id=str(message.patient_id), conversation_id=str(message.conversation_id)
        ),
    )
