"""A patient, or who reads for the patient, wants no more electronic messages of a practice, or does again."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from services.identity.patients.marks import set_mark
from services.identity.refusals import patient_not_found


class Objections:
    """The use case ObjectToMessages."""

    def __init__(self, database: Database, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    async def object(self, caller: Caller, practice_id: UUID, patient_id: UUID, objected: bool) -> None:
        """Set the objection or take it back. Refuses PATIENT_NOT_FOUND where somebody else reads."""
        if (practice_id, patient_id) not in {(e.tenant_id, e.subject_id) for e in caller.entitlements}:
            raise patient_not_found()
        now = self._clock()
        async with self._database.transaction((practice_id,)) as tx:
            if await set_mark(tx, practice_id, patient_id, "objected", objected, now):
                await record_audit(
                    tx,
                    caller=caller,
                    tenant_id=practice_id,
                    action="patient.object" if objected else "patient.object_no_more",
                    object_kind="patient",
                    object_id=patient_id,
                    now=now,
                )
