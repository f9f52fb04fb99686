"""Writes down which lists showed subjects to whom: one row for each call and practice, with how many."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller


async def record_listed(
    tx: AsyncConnection,
    caller: Caller,
    practice_id: UUID,
    what: str,
    of: tuple[str, UUID],
    shown: int,
    now: datetime,
) -> None:
    """Say who was shown how many of what; nothing where nothing was shown. `of` is whose list it is."""
    if not shown:
        return
    object_kind, object_id = of
    await record_audit(
        tx,
        caller=caller,
        tenant_id=practice_id,
        action=f"{what}.listed",
        object_kind=object_kind,
        object_id=object_id,
        now=now,
        why=f"shown={shown}",
    )
