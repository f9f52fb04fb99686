"""Makes an address suspect: nothing goes there any more, and the others are told."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from services.notifier.prompts import addressees
from services.notifier.prompts.events import suspicion
from services.notifier.prompts.standing import Reason, suspected


async def suspect(
    tx: AsyncConnection,
    practice_id: UUID,
    patient_id: UUID,
    contact_version: int,
    reason: Reason,
    now: datetime,
) -> None:
    """Suspect the address of this contact version, once; an older one than is known is left alone."""
    standing = await addressees.lock(tx, practice_id, patient_id)
    changed = suspected(standing, contact_version, reason, now)
    if changed is not None:
        await addressees.write(tx, practice_id, patient_id, changed)
        await outbox.record(tx, suspicion(practice_id, patient_id, contact_version, reason, now))
