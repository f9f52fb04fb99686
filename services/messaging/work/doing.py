"""What staff do with conversations: finish, reopen, assign, answer, hand over."""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from services.messaging import refusals
from services.messaging.callers import practice_of
from services.messaging.changes import storage as changes
from services.messaging.changes.domain import ChangeKind
from services.messaging.work import conversations, staff, unread
from services.messaging.work.conversations import StoredWork
from services.messaging.work.domain import (
    ANSWERING_LASTS,
    ConversationState,
    StaffAnswering,
    check_done,
)
from services.messaging.work.staff import StaffDirectory


class Work:
    """The use cases that change something; each is one transaction."""

    def __init__(self, database: Database, directory: StaffDirectory, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock

    async def mark_done(self, caller: Caller, conversation_id: UUID) -> None:
        """Nothing is left to do; refuses CONVERSATION_NOT_FOUND, ANSWERS_UNREAD."""
        now = self._clock()
        async with self._database.transaction(caller.tenants) as tx:
            work = await _locked(tx, caller, conversation_id)
            check_done(work.unread_answers)
            await unread.settle(tx, work.practice_id, work.id, now)
            await self._set(tx, caller, work, ConversationState.DONE, now)

    async def reopen(self, caller: Caller, conversation_id: UUID) -> None:
        """Something is left to do after all; refuses CONVERSATION_NOT_FOUND."""
        now = self._clock()
        async with self._database.transaction(caller.tenants) as tx:
            work = await _locked(tx, caller, conversation_id)
            await unread.unsettle(tx, work.practice_id, work.id)
            await self._set(tx, caller, work, ConversationState.OPEN, now)

    async def assign(self, caller: Caller, conversation_id: UUID, staff_id: UUID | None) -> None:
        """Say whose it is; refuses CONVERSATION_NOT_FOUND, STAFF_MEMBER_NOT_FOUND."""
        now = self._clock()
        await self._check_active(caller, staff_id)
        async with self._database.transaction(caller.tenants) as tx:
            await _hold(tx, caller, staff_id)
            work = await _locked(tx, caller, conversation_id)
            if work.assigned_to != staff_id or staff_id is None:
                await conversations.assign(tx, [work], staff_id)
            if work.assigned_to != staff_id:
                await _audit(tx, caller, "conversation.assigned", "conversation", work.id, now)
                await changes.record(tx, [work.change(ChangeKind.WORK, now)])

    async def announce(
        self, caller: Caller, conversation_id: UUID, *, stopped: bool
    ) -> Sequence[StaffAnswering]:
        """The caller is answering, or has stopped; returns who else is. Refuses CONVERSATION_NOT_FOUND."""
        now = self._clock()
        async with self._database.transaction(caller.tenants) as tx:
            work = await _locked(tx, caller, conversation_id)
            if stopped:
                news = await conversations.withdraw(tx, work, caller.subject_id, now)
            else:
                news = await conversations.announce(tx, work, caller.subject_id, now, now + ANSWERING_LASTS)
            there = await conversations.answering(tx, work.practice_id, [work.id], now)
            if news:
                await changes.record(tx, [work.change(ChangeKind.ANSWERING, now)])
        return [each for each in there.get(work.id, ()) if each.staff_id != caller.subject_id]

    async def hand_over(self, caller: Caller, from_id: UUID, to_id: UUID | None) -> int:
        """Give all of one member's to another one or to nobody; refuses STAFF_MEMBER_NOT_FOUND."""
        now, practice_id = self._clock(), practice_of(caller)
        await self._check_active(caller, to_id)
        async with self._database.transaction(caller.tenants) as tx:
            await _hold(tx, caller, to_id)
            works = await conversations.lock_of(tx, practice_id, from_id, left=to_id is not None)
            await conversations.assign(tx, works, to_id)
            await _audit(tx, caller, "conversations.handed_over", "staff_member", from_id, now)
            await changes.record(tx, [each.change(ChangeKind.WORK, now) for each in works])
        return len(works)

    async def _set(
        self, tx: AsyncConnection, caller: Caller, work: StoredWork, state: ConversationState, now: datetime
    ) -> None:
        """Twice the same is settled again, in case that something has become overdue, but no news."""
        if work.state is state:
            return
        await conversations.set_state(tx, work, state)
        action = "conversation.done" if state is ConversationState.DONE else "conversation.reopened"
        await _audit(tx, caller, action, "conversation", work.id, now)
        await changes.record(tx, [work.change(ChangeKind.WORK, now)])

    async def _check_active(self, caller: Caller, staff_id: UUID | None) -> None:
        """Whoever calls is active; anybody else is asked for, since messaging knows no staff."""
        if staff_id is None or staff_id == caller.subject_id:
            return
        if not await self._directory.is_active(practice_of(caller), staff_id):
            raise refusals.staff_member_not_found()


async def _hold(tx: AsyncConnection, caller: Caller, staff_id: UUID | None) -> None:
    if staff_id is not None and not await staff.hold(tx, practice_of(caller), staff_id):
        raise refusals.staff_member_not_found()


async def _locked(tx: AsyncConnection, caller: Caller, conversation_id: UUID) -> StoredWork:
    work = await conversations.lock(tx, practice_of(caller), conversation_id)
    if work is None:
        raise refusals.conversation_not_found()
    return work


async def _audit(
    tx: AsyncConnection, caller: Caller, action: str, object_kind: str, object_id: UUID, now: datetime
) -> None:
    await record_audit(
        tx,
        caller=caller,
        tenant_id=practice_of(caller),
        action=action,
        object_kind=object_kind,
        object_id=object_id,
        now=now,
    )
