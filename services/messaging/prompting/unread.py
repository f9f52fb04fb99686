"""Prompts what a patient has not read yet at contact data that are new."""

from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from services.messaging import tables
from services.messaging.messages.domain import Direction
from services.messaging.messages.rows import SUMMARY_COLUMNS, StoredMessage, stored_message
from services.messaging.patients.domain import PatientState
from services.messaging.prompting.wanted import Why, prompt_wanted
from services.messaging.receipts.domain import UNSENT, State

_MESSAGE: Final = tables.message


async def prompt_unread(tx: AsyncConnection, patient: PatientState, now: datetime) -> None:
    """Ask for a prompt for each message that was sent to the patient, not withdrawn and not opened."""
    unread = await _unread(tx, patient)
    await outbox.record_all(
        tx, [prompt_wanted(each, patient.contact_version, Why.CONTACT_CHANGED, now) for each in unread]
    )


async def _unread(tx: AsyncConnection, patient: PatientState) -> list[StoredMessage]:
    query = (
        select(*SUMMARY_COLUMNS)
        .where(
            _MESSAGE.c.practice_id == patient.practice_id,
            _MESSAGE.c.patient_id == patient.patient_id,
            _MESSAGE.c.direction == Direction.TO_PATIENT,
            _MESSAGE.c.tick.not_in([State.READ, *UNSENT]),
            _MESSAGE.c.withdrawn_at.is_(None),
        )
        .order_by(_MESSAGE.c.sent_at, _MESSAGE.c.id)
    )
    return [stored_message(row) for row in await tx.execute(query)]
