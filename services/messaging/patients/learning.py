"""Takes in what identity says of a patient, whichever way and in whichever order it comes."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.identity.v1.events_pb2 import PatientChanged
from services.messaging.changes import storage as changes
from services.messaging.patients import storage
from services.messaging.patients.domain import PatientState, why_not
from services.messaging.prompting.unread import prompt_unread
from services.messaging.receipts.recording import changes_of, contact_changed


async def learn(tx: AsyncConnection, state: PatientState, now: datetime) -> None:
    """Store the state if it is newer; ticks that depended on other contact data start again.

    What is still unread is prompted at new contact data as soon as the patient can be written to there.
    """
    if not await storage.store_if_newer(tx, state):
        return
    derived = await contact_changed(tx, (state.practice_id, state.patient_id))
    if why_not(state) is None and await storage.take_prompted(tx, state):
        await prompt_unread(tx, state, now)
    await changes.record(tx, changes_of(derived, now))


class PatientEvents:
    """The inbox's handler of identity.patient_changed."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    async def changed(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """A record was made, changed, marked, bound or suspended."""
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
            objected=data.objected,
            deceased=data.deceased,
            archived=data.archived,
        )
        await learn(tx, state, self._clock())
