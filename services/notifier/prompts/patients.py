"""Takes in what identity tells of a patient's record: whether prompts are wanted, and confirmed addresses."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.identity.v1.events_pb2 import PatientChanged
from services.notifier.prompts import addressees
from services.notifier.prompts.standing import Record, learnt


async def patient_changed(tx: AsyncConnection, envelope: Envelope) -> None:
    """The inbox's handler of identity.patient_changed."""
    data = PatientChanged.FromString(envelope.data)
    record = Record(
        version=envelope.aggregate_version,
        contact_version=data.contact_version,
        stopped=data.objected or data.deceased or data.archived,
        marked_suspect=data.address_suspect,
    )
    practice_id, patient_id = UUID(envelope.tenant_id), UUID(envelope.aggregate_id)
    standing = await addressees.lock(tx, practice_id, patient_id)
    changed = learnt(standing, record)
    if changed != standing:
        await addressees.write(tx, practice_id, patient_id, changed)
