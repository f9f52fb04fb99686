"""What a practice has to look after: one open task of a kind for each patient, told to the other services."""

from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from google.protobuf.message import Message
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.events import Event
from chassis.outbox import record
from praxispost.identity.v1 import events_pb2
from services.identity.tables.access import task

TaskKind: TypeAlias = Literal[
    "who_reads", "cannot_get_in", "not_for_me", "import_differs", "address_suspect", "representation_ends"
]

TASK_OPENED: Final = "identity.task_opened"
TASK_CLOSED: Final = "identity.task_closed"

_KINDS: Final["dict[TaskKind, events_pb2.TaskKind.ValueType]"] = {
    "who_reads": events_pb2.TASK_KIND_WHO_READS,
    "cannot_get_in": events_pb2.TASK_KIND_CANNOT_GET_IN,
    "not_for_me": events_pb2.TASK_KIND_NOT_FOR_ME,
    "import_differs": events_pb2.TASK_KIND_IMPORT_DIFFERS,
    "address_suspect": events_pb2.TASK_KIND_ADDRESS_SUSPECT,
    "representation_ends": events_pb2.TASK_KIND_REPRESENTATION_ENDS,
}
_T = task.c


async def open_task(
    tx: AsyncConnection, practice_id: UUID, patient_id: UUID, kind: TaskKind, now: datetime
) -> bool:
    """Open the task and say so; False where one of this kind is open for the patient already."""
    statement = (
        insert(task)
        .values(practice_id=practice_id, patient_id=patient_id, kind=kind, opened_at=now)
        .on_conflict_do_nothing(
            index_elements=["practice_id", "patient_id", "kind"], index_where=_T.closed_at.is_(None)
        )
        .returning(_T.id)
    )
    task_id = (await tx.execute(statement)).scalar_one_or_none()
    if task_id is None:
        return False
    data = events_pb2.TaskOpened(patient_id=str(patient_id), kind=_KINDS[kind])
    await record(tx, _event(TASK_OPENED, practice_id, task_id, 1, now, data))
    return True


async def close_task(
    tx: AsyncConnection, practice_id: UUID, patient_id: UUID, kind: TaskKind, now: datetime
) -> bool:
    """Close the patient's open task of this kind; False where none is open."""
    statement = (
        update(task)
        .where(
            _T.practice_id == practice_id,
            _T.patient_id == patient_id,
            _T.kind == kind,
            _T.closed_at.is_(None),
        )
        .values(closed_at=now)
        .returning(_T.id)
    )
    task_id = (await tx.execute(statement)).scalar_one_or_none()
    if task_id is None:
        return False
    data = events_pb2.TaskClosed(patient_id=str(patient_id), kind=_KINDS[kind])
    await record(tx, _event(TASK_CLOSED, practice_id, task_id, 2, now, data))
    return True


async def open_tasks(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> dict[TaskKind, datetime]:
    """The kinds of the patient's open tasks, and since when each is open."""
    query = select(_T.kind, _T.opened_at).where(
        _T.practice_id == practice_id, _T.patient_id == patient_id, _T.closed_at.is_(None)
    )
    return {row.kind: row.opened_at for row in await tx.execute(query)}


def _event(kind: str, practice_id: UUID, task_id: UUID, version: int, now: datetime, data: Message) -> Event:
    return Event(
        type=kind,
        tenant_id=practice_id,
        aggregate_id=task_id,
        aggregate_version=version,
        occurred_at=now,
        data=data,
    )
