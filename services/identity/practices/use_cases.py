"""What can be done with practices; each is one transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from chassis.paging import Position
from praxispost.identity.v1 import practices_pb2
from services.identity import refusals
from services.identity.callers import PLATFORM, practice_of
from services.identity.practices.domain import Practice, PracticeSettings
from services.identity.practices.store import (
    add_practice,
    change_settings,
    get_practice,
    page_of_practices,
)
from services.identity.staff.domain import Person
from services.identity.staff.invitations import Invitations


class Practices:
    """The use cases of PracticeService."""

    def __init__(
        self,
        database: Database,
        requests: Requests,
        invitations: Invitations,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._database = database
        self._requests = requests
        self._invitations = invitations
        self._clock = clock
        self._new_id = new_id

    async def create(
        self,
        caller: Caller,
        request_id: UUID,
        request: practices_pb2.CreatePracticeRequest,
        settings: PracticeSettings,
        first_admin: Person,
    ) -> practices_pb2.CreatePracticeResponse:
        """Make a practice and invite its first admin; the same request again has the same answer."""
        practice = Practice(self._new_id(), settings, self._clock())

        async def effect() -> practices_pb2.CreatePracticeResponse:
            await add_practice(tx, practice)
            staff_id = await self._invitations.invite(tx, practice, first_admin, "admin", practice.created_at)
            for tenant_id in (PLATFORM, practice.id):
                await record_audit(
                    tx,
                    caller=caller,
                    tenant_id=tenant_id,
                    action="practice.create",
                    object_kind="practice",
                    object_id=practice.id,
                    now=practice.created_at,
                )
            return practices_pb2.CreatePracticeResponse(practice_id=str(practice.id), staff_id=str(staff_id))

        async with self._database.transaction((PLATFORM, practice.id)) as tx:
            return await self._requests.once(
                tx,
                caller=caller,
                tenant_id=PLATFORM,
                rpc="CreatePractice",
                request_id=request_id,
                request=request,
                response_type=practices_pb2.CreatePracticeResponse,
                effect=effect,
            )

    async def get(self, caller: Caller, practice_id: UUID | None) -> Practice:
        """Return the caller's own practice, or for an operator the named one."""
        wanted = practice_id or practice_of(caller)
        if caller.role != "operator" and wanted != caller.tenant_id:
            raise refusals.practice_not_found()
        async with self._database.transaction((wanted,)) as tx:
            return _found(await get_practice(tx, wanted))

    async def update(
        self, caller: Caller, change: Callable[[PracticeSettings], PracticeSettings]
    ) -> Practice:
        """Change settings of the caller's own practice."""
        practice_id = practice_of(caller)
        async with self._database.transaction((practice_id,)) as tx:
            before = _found(await get_practice(tx, practice_id, locked=True))
            after = Practice(practice_id, change(before.settings), before.created_at)
            await change_settings(tx, practice_id, after.settings)
            await record_audit(
                tx,
                caller=caller,
                tenant_id=practice_id,
                action="practice.update",
                object_kind="practice",
                object_id=practice_id,
                now=self._clock(),
            )
            return after

    async def page(self, after: Position | None, most: int) -> list[Practice]:
        """Return at most so many practices of the platform, oldest first."""
        async with self._database.transaction() as tx:
            return await page_of_practices(tx, after, most)


def _found(practice: Practice | None) -> Practice:
    if practice is None:
        raise refusals.practice_not_found()
    return practice
