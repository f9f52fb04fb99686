"""What messaging knows of staff: nothing but whether somebody may be given work."""

from typing import Final, Protocol
from uuid import UUID

import grpc
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.grpc_client import AioRpcError, as_unavailable, is_passing, refusal_of
from praxispost.identity.v1 import staff_pb2, staff_pb2_grpc
from services.messaging import tables

_STATE: Final = tables.staff_state


class StaffDirectory(Protocol):
    """Who knows the staff."""

    async def is_active(self, practice_id: UUID, staff_id: UUID) -> bool:
        """Whether the practice has such a member, who may log in; refuses DEPENDENCY_UNAVAILABLE."""


class IdentityStaff:
    """The directory that identity's StaffService is."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._staff = staff_pb2_grpc.StaffServiceStub(channel)

    async def is_active(self, practice_id: UUID, staff_id: UUID) -> bool:
        """Whether the practice has such a member, who may log in; refuses DEPENDENCY_UNAVAILABLE."""
        request = staff_pb2.GetStaffStateRequest(practice_id=str(practice_id), staff_id=str(staff_id))
        try:
            response = await self._staff.GetStaffState(request)
        except AioRpcError as error:
            refusal = refusal_of(error)
            if refusal is not None and refusal.reason == "STAFF_MEMBER_NOT_FOUND":
                return False
            if is_passing(error):
                raise as_unavailable(error, "identity") from error
            raise
        return response.state == staff_pb2.STAFF_STATE_ACTIVE


async def hold(tx: AsyncConnection, practice_id: UUID, staff_id: UUID) -> bool:
    """Keep the member from being disabled here until the transaction ends; False where that came before.

    Whoever disables the member afterwards waits for this row, and then sees what was assigned.
    """
    row = {"practice_id": practice_id, "staff_id": staff_id, "version": 0, "disabled": False}
    await tx.execute(insert(_STATE).values(row).on_conflict_do_nothing())
    this = (_STATE.c.practice_id == practice_id, _STATE.c.staff_id == staff_id)
    disabled = (
        await tx.execute(select(_STATE.c.disabled).where(*this).with_for_update(read=True))
    ).scalar_one()
    return not disabled


async def store_if_newer(
    tx: AsyncConnection, practice_id: UUID, staff_id: UUID, version: int, *, disabled: bool
) -> bool:
    """Store whether the member is disabled, unless something newer, or the same, came before."""
    row = {"practice_id": practice_id, "staff_id": staff_id, "version": version, "disabled": disabled}
    statement = insert(_STATE).values(row)
    newer = statement.on_conflict_do_update(
        index_elements=_STATE.primary_key,
        set_={"version": statement.excluded.version, "disabled": statement.excluded.disabled},
        where=_STATE.c.version < statement.excluded.version,
    )
    return (await tx.execute(newer)).rowcount == 1
