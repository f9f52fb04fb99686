"""Decides before a send whether the patient can be written to."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from chassis.database import Database
from services.messaging import refusals
from services.messaging.patients.domain import PatientState, why_not
from services.messaging.patients.identity import PatientDirectory
from services.messaging.patients.learning import learn


class Reachability:
    """Goes by what is stored here, and asks identity where that is nothing, or would refuse."""

    def __init__(
        self, database: Database, directory: PatientDirectory, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._directory = directory
        self._clock = clock

    async def check(self, practice_id: UUID, patient_id: UUID, known: PatientState | None) -> None:
        """Refuse PATIENT_NOT_FOUND, DEPENDENCY_UNAVAILABLE, or for the reasons of `why_not`.

        A refusal is never given on old knowledge: staff may just have added the missing number.
        """
        if known is not None and why_not(known) is None:
            return
        refusal = why_not(await self._newest(practice_id, patient_id))
        if refusal is not None:
            raise refusal

    async def check_known(self, practice_id: UUID, patient_id: UUID, known: PatientState | None) -> None:
        """Refuse PATIENT_NOT_FOUND or DEPENDENCY_UNAVAILABLE: while a draft is written, contacts can wait."""
        if known is None:
            await self._newest(practice_id, patient_id)

    async def _newest(self, practice_id: UUID, patient_id: UUID) -> PatientState:
        newest = await self._directory.state(practice_id, patient_id)
        if newest is None:
            raise refusals.patient_not_found()
        async with self._database.transaction([practice_id]) as tx:
            await learn(tx, newest, self._clock())
        return newest
