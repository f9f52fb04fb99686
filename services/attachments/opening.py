"""Notes when the patient's side opens what the practice sent, and tells it to the others: once."""

from datetime import datetime
from typing import Final

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.events import Event
from chassis.outbox import record
from praxispost.attachments.v1.events_pb2 import AttachmentOpened
from services.attachments.domain import Side, side_of
from services.attachments.storage import Stored
from services.attachments.tables import attachment

ATTACHMENT_OPENED: Final = "attachments.attachment_opened"


async def note_opening(tx: AsyncConnection, caller: Caller, stored: Stored, now: datetime) -> None:
    """In the transaction of the download's audit; does nothing but for the first opening."""
    if side_of(caller) is not Side.PATIENT or stored.uploaded_by is not Side.PRACTICE:
        return
    first = (
        update(attachment)
        .where(
            attachment.c.practice_id == stored.practice_id,
            attachment.c.id == stored.id,
            attachment.c.opened_at.is_(None),
        )
        .values(opened_at=now)
        .returning(attachment.c.message_id)
    )
    message_id = (await tx.execute(first)).scalar_one_or_none()
    if message_id is not None:
        await record(
            tx,
            Event(
                type=ATTACHMENT_OPENED,
                tenant_id=stored.practice_id,
                aggregate_id=stored.id,
                aggregate_version=1,
                occurred_at=now,
                data=AttachmentOpened(message_id=str(message_id), patient_id=str(stored.patient_id)),
            ),
        )
