"""Takes in what the notifier reports of addresses: refused for good, or not the patient's."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from praxispost.chassis.v1.envelope_pb2 import Envelope
from praxispost.notifier.v1.events_pb2 import AddressSuspected, NotForMeReported
from services.identity.patients.marks import suspect_address
from services.identity.tasks import open_task


class AddressReports:
    """The inbox's handlers of the notifier's events; what is said of an earlier address says nothing now."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock

    async def suspected(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """A prompt came back for good."""
        version = AddressSuspected.FromString(envelope.data).contact_version
        practice_id, patient_id, now = _place(envelope, self._clock())
        if await suspect_address(tx, practice_id, patient_id, "refused", contact_version=version, now=now):
            await open_task(tx, practice_id, patient_id, "address_suspect", now)

    async def not_for_me(self, tx: AsyncConnection, envelope: Envelope) -> None:
        """The address's reader is not the patient."""
        version = NotForMeReported.FromString(envelope.data).contact_version
        practice_id, patient_id, now = _place(envelope, self._clock())
        if await suspect_address(tx, practice_id, patient_id, "not_for_me", contact_version=version, now=now):
            await open_task(tx, practice_id, patient_id, "not_for_me", now)


def _place(envelope: Envelope, now: datetime) -> tuple[UUID, UUID, datetime]:
    return UUID(envelope.tenant_id), UUID(envelope.aggregate_id), now
