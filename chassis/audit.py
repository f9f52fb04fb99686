"""Says in the fact's own transaction who did what to which object, when and why."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.tables import TABLES


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
    row = {
        "tenant_id": tenant_id,
        "occurred_at": now,
        "actor_id": caller.subject_id,
        "actor_role": caller.role,
        "action": action,
        "object_kind": object_kind,
        "why": why,
    }
    rows = [{**row, "object_id": object_id} for object_id in object_ids]
    if rows:
        await tx.execute(insert(TABLES.audit), rows)
