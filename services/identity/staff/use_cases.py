"""What can be done with a practice's staff; each is one transaction."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from chassis.outbox import record
from chassis.paging import Position
from praxispost.identity.v1 import staff_pb2
from services.identity import refusals
from services.identity.callers import practice_of
from services.identity.practices.domain import Practice
from services.identity.practices.store import get_practice
from services.identity.sessions.storage import end_sessions_of
from services.identity.staff.domain import (
    Person,
    StaffMember,
    StaffState,
    check_admin_remains,
    check_can_be_invited_again,
)
from services.identity.staff.events import availability_changed
from services.identity.staff.invitations import Invitations
from services.identity.staff.store import StaffStore


class Staff:
    """The use cases of StaffService, but the acceptance of invitations."""

    def __init__(
        self,
        database: Database,
        requests: Requests,
        store: StaffStore,
        invitations: Invitations,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._requests = requests
        self._store = store
        self._invitations = invitations
        self._clock = clock

    async def invite(
        self,
        caller: Caller,
        request_id: UUID,
        request: staff_pb2.InviteStaffMemberRequest,
        person: Person,
        role: str,
    ) -> staff_pb2.InviteStaffMemberResponse:
        """Add a member and send the invitation; the same request again has the same answer."""
        practice_id, now = practice_of(caller), self._clock()

        async def effect() -> staff_pb2.InviteStaffMemberResponse:
            practice = await _locked(tx, practice_id)
            staff_id = await self._invitations.invite(tx, practice, person, role, now)
            await _audit(tx, caller, "staff.invite", practice_id, staff_id, now)
            return staff_pb2.InviteStaffMemberResponse(staff_id=str(staff_id))

        async with self._database.transaction((practice_id,)) as tx:
            return await self._requests.once(
                tx,
                caller=caller,
                tenant_id=practice_id,
                rpc="InviteStaffMember",
                request_id=request_id,
                request=request,
                response_type=staff_pb2.InviteStaffMemberResponse,
                effect=effect,
            )

    async def invite_again(self, caller: Caller, staff_id: UUID) -> datetime:
        """Send a new invitation; returns when its code ends."""
        practice_id, now = practice_of(caller), self._clock()
        async with self._database.transaction((practice_id,)) as tx:
            practice = await _locked(tx, practice_id)
            member = await self._get(tx, practice_id, staff_id)
            check_can_be_invited_again(member)
            expires_at = await self._invitations.send_again(tx, practice, member, now)
            await _audit(tx, caller, "staff.invite_again", practice_id, staff_id, now)
            return expires_at

    async def get(self, caller: Caller, staff_id: UUID) -> StaffMember:
        """Return a colleague."""
        practice_id = practice_of(caller)
        async with self._database.transaction((practice_id,)) as tx:
            return await self._get(tx, practice_id, staff_id)

    async def state(self, practice_id: UUID, staff_id: UUID) -> StaffState:
        """Where a member of this practice stands, for a service of the platform."""
        async with self._database.transaction((practice_id,)) as tx:
            return (await self._get(tx, practice_id, staff_id)).state

    async def page(self, caller: Caller, after: Position | None, most: int) -> list[StaffMember]:
        """Return at most so many members of the caller's practice, oldest first."""
        practice_id = practice_of(caller)
        async with self._database.transaction((practice_id,)) as tx:
            return await self._store.page(tx, practice_id, after, most)

    async def change_role(self, caller: Caller, staff_id: UUID, role: str) -> StaffMember:
        """Give a member another role; refuses LAST_ADMIN."""
        return await self._change(
            caller, staff_id, "staff.change_role", lambda member: replace(member, role=role)
        )

    async def disable(self, caller: Caller, staff_id: UUID) -> StaffMember:
        """Refuse further logins and end all sessions; refuses LAST_ADMIN."""
        now = self._clock()
        return await self._change(
            caller,
            staff_id,
            "staff.disable",
            lambda member: replace(member, disabled_at=member.disabled_at or now),
        )

    async def enable(self, caller: Caller, staff_id: UUID) -> StaffMember:
        """Let a disabled member log in again."""
        return await self._change(
            caller, staff_id, "staff.enable", lambda member: replace(member, disabled_at=None)
        )

    async def _change(
        self, caller: Caller, staff_id: UUID, action: str, change: Callable[[StaffMember], StaffMember]
    ) -> StaffMember:
        practice_id = practice_of(caller)
        async with self._database.transaction((practice_id,)) as tx:
            # Whoever changes staff waits here, so two admins cannot remove each other at the same moment.
            await _locked(tx, practice_id)
            now = self._clock()
            before = await self._get(tx, practice_id, staff_id)
            after = change(before)
            check_admin_remains(before, after, await self._store.active_admins(tx, practice_id))
            await self._store.change(tx, after)
            if after.disabled_at is not None:
                await end_sessions_of(tx, staff_id, now)
            if (before.disabled_at is None) is not (after.disabled_at is None):
                await record(tx, availability_changed(after, now))
            await _audit(tx, caller, action, practice_id, staff_id, now)
            return after

    async def _get(self, tx: AsyncConnection, practice_id: UUID, staff_id: UUID) -> StaffMember:
        member = await self._store.get(tx, practice_id, staff_id)
        if member is None:
            raise refusals.staff_member_not_found()
        return member


async def _locked(tx: AsyncConnection, practice_id: UUID) -> Practice:
    practice = await get_practice(tx, practice_id, locked=True)
    if practice is None:
        raise refusals.practice_not_found()
    return practice


async def _audit(
    tx: AsyncConnection, caller: Caller, action: str, practice_id: UUID, staff_id: UUID, now: datetime
) -> None:
    await record_audit(
        tx,
        caller=caller,
        tenant_id=practice_id,
        action=action,
        object_kind="staff_member",
        object_id=staff_id,
        now=now,
    )
