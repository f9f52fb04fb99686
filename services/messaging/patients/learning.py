"""Takes in what identity says of a patient, whichever way and in whichever order it comes."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.identity.v1.events_pb2 import PatientChanged
from services.messaging.changes import storage as changes
from services.messaging.patients import storage
from services.messaging.patients.domain import PatientState
from services.messaging.receipts.recording import changes_of, contact_changed


async def learn(tx: AsyncConnection, state: PatientState, now: datetime) -> None:
    """Store the state if it is newer; ticks that depended on other contact data start again."""
    if not await storage.store_if_newer(tx, state):
        return
    derived = await contact_changed(tx, (state.practice_id, state.patient_id))
    await changes.record(tx, changes_of(derived, now))


class PatientEvents:
    """The inbox's handler of identity.patient_changed."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    async def changed(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """A record was made, changed, bound or suspended."""
        data = PatientChanged.FromString(envelope.data)
        state = PatientState(
            practice_id=UUID(envelope.tenant_id),
            patient_id=UUID(envelope.aggregate_id),
            version=envelope.aggregate_version,
            contact_version=data.contact_version,
            has_email=data.has_email,
            has_mobile=data.has_mobile,
            conflict=data.conflict,
            bound=data.bound,
        )
        await learn(tx, state, self._clock())
