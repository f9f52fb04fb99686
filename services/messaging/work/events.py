"""Takes in what identity says of staff and of tasks, in whichever order it comes."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.identity.v1.events_pb2 import TaskClosed, TaskKind, TaskOpened
from services.messaging import tables
from services.messaging.changes import storage as changes
from services.messaging.changes.domain import Change, ChangeKind
from services.messaging.work import conversations, staff
from services.messaging.work.domain import WorkKind

_TASK: Final = tables.identity_task
_KINDS: Final = {
    TaskKind.TASK_KIND_WHO_READS: WorkKind.WHO_READS,
    TaskKind.TASK_KIND_CANNOT_GET_IN: WorkKind.CANNOT_GET_IN,
    TaskKind.TASK_KIND_NOT_FOR_ME: WorkKind.NOT_FOR_ME,
    TaskKind.TASK_KIND_IMPORT_DIFFERS: WorkKind.IMPORT_DIFFERS,
    TaskKind.TASK_KIND_ADDRESS_SUSPECT: WorkKind.ADDRESS_SUSPECT,
    TaskKind.TASK_KIND_REPRESENTATION_ENDS: WorkKind.REPRESENTATION_ENDS,
}


class UnknownTask(Exception):
    """A kind of task that this version does not know: perhaps a newer one does."""


class StaffEvents:
    """The inbox's handlers of identity.staff_disabled and identity.staff_enabled."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    async def disabled(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """What is assigned to the member is nobody's from now on, until somebody takes it."""
        practice_id, staff_id = UUID(envelope.tenant_id), UUID(envelope.aggregate_id)
        version = envelope.aggregate_version
        if not await staff.store_if_newer(tx, practice_id, staff_id, version, disabled=True):
            return
        works = await conversations.lock_of(tx, practice_id, staff_id)
        await conversations.assign(tx, works, None, left_by=staff_id)
        now = self._clock()
        await changes.record(tx, [each.change(ChangeKind.WORK, now) for each in works])

    async def enabled(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """The member may be given work again."""
        practice_id, staff_id = UUID(envelope.tenant_id), UUID(envelope.aggregate_id)
        await staff.store_if_newer(tx, practice_id, staff_id, envelope.aggregate_version, disabled=False)


class TaskEvents:
    """The inbox's handlers of identity.task_opened and identity.task_closed."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    async def opened(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """The practice has something to look after, unless it is settled already."""
        data = TaskOpened.FromString(envelope.data)
        task = insert(_TASK).values(_row(envelope, data, closed=False))
        if (await tx.execute(task.on_conflict_do_nothing())).rowcount == 1:
            await self._tell(tx, envelope, data)

    async def closed(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """It is settled."""
        data = TaskClosed.FromString(envelope.data)
        task = insert(_TASK).values(_row(envelope, data, closed=True))
        await tx.execute(task.on_conflict_do_update(index_elements=_TASK.primary_key, set_={"closed": True}))
        await self._tell(tx, envelope, data)

    async def _tell(self, tx: AsyncConnection, envelope: Envelope, data: TaskOpened | TaskClosed) -> None:
        patient_id = UUID(data.patient_id)
        change = Change(ChangeKind.TASK, UUID(envelope.tenant_id), patient_id, None, None, self._clock())
        await changes.record(tx, [change])


def _row(envelope: Envelope, data: TaskOpened | TaskClosed, *, closed: bool) -> dict[str, object]:
    kind = _KINDS.get(data.kind)
    if kind is None:
        raise UnknownTask
    return {
        "practice_id": UUID(envelope.tenant_id),
        "id": UUID(envelope.aggregate_id),
        "patient_id": UUID(data.patient_id),
        "kind": kind,
        "opened_at": envelope.occurred_at.ToDatetime(UTC),
        "closed": closed,
    }
