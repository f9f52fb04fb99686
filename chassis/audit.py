"""Says in the fact's own transaction who did what to which object, when and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.many_rows import Part, carry_out, inserting
from chassis.tables import TABLES

_NAMES = ("tenant_id", "occurred_at", "actor_id", "actor_role", "action", "object_kind", "object_id", "why")
_RECORD = inserting(TABLES.audit, *_NAMES)


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did; `why` is a code of the service's, not what a person typed."""

    caller: Caller
    tenant_id: UUID
    action: str
    object_kind: str
    object_id: UUID
    at: datetime
    why: str = ""


def recording(acts: Iterable[Act]) -> Part:
    """A row for each that services can never change, to be written together with something else."""
    return _RECORD.of(
        (
            each.tenant_id,
            each.at,
            each.caller.subject_id,
            each.caller.role,
            each.action,
            each.object_kind,
            each.object_id,
            each.why,
        )
        for each in acts
    )


async def record_audit(
    tx: AsyncConnection,
    *,
    caller: Caller,
    tenant_id: UUID,
    action: str,
    object_kind: str,
    object_id: UUID,
    now: datetime,
    why: str = "",
) -> None:
    """Add a row that services can never change; `why` is a code of the service's, not what a person typed."""
    await record_audits(
        tx,
        caller=caller,
        tenant_id=tenant_id,
        action=action,
        object_kind=object_kind,
        object_ids=(object_id,),
        now=now,
        why=why,
    )


async def record_audits(
    tx: AsyncConnection,
    *,
    caller: Caller,
    tenant_id: UUID,
    action: str,
    object_kind: str,
    object_ids: Iterable[UUID],
    now: datetime,
    why: str = "",
) -> None:
    """The same for several objects, a row for each, sent together."""
    acts = [Act(caller, tenant_id, action, object_kind, object_id, now, why) for object_id in object_ids]
    await carry_out(tx, recording(acts))
