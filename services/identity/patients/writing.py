"""How patients' records are made and changed; each is one transaction that ends with the event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from praxispost.identity.v1 import patients_pb2
from services.identity import refusals
from services.identity.admission.corrections import Corrections
from services.identity.callers import practice_of
from services.identity.patients.domain import ContactIndexes, Patient, check_not_archived, check_version
from services.identity.patients.pairs import lock_pairs
from services.identity.patients.states import raise_versions, tell_changed
from services.identity.patients.store import PatientStore
from services.identity.patients.translation import Surroundings, changed_data, contact_message, new_data
from services.identity.practices.store import get_practice
from services.identity.readers.moving_along import MovingAlong
from services.identity.readers.questions import settle
from services.identity.readers.representations import represented_by

_TRIES: Final = 5


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of a record: new values, the fields to take of them, the version read."""

    patient_id: UUID
    data: patients_pb2.PatientData
    fields: frozenset[str]
    version: int


class PatientWriting:
    """The use cases CreatePatient and UpdatePatient."""

    def __init__(
        self,
        database: Database,
        requests: Requests,
        store: PatientStore,
        corrections: Corrections,
        moving_along: MovingAlong,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._database = database
        self._requests = requests
        self._store = store
        self._corrections = corrections
        self._moving_along = moving_along
        self._clock = clock
        self._new_id = new_id

    async def create(
        self, caller: Caller, request_id: UUID, request: patients_pb2.CreatePatientRequest
    ) -> patients_pb2.CreatePatientResponse:
        """Make a record; the same request again has the same answer."""
        practice_id = practice_of(caller)

        async def effect() -> patients_pb2.CreatePatientResponse:
            created = await self._add(tx, caller, practice_id, request.data)
            return patients_pb2.CreatePatientResponse(
                patient_id=str(created.state.id),
                contact=contact_message(created.state),
                version=created.state.version,
            )

        async with self._database.transaction((practice_id,)) as tx:
            return await self._requests.once(
                tx,
                caller=caller,
                tenant_id=practice_id,
                rpc="CreatePatient",
                request_id=request_id,
                request=request,
                response_type=patients_pb2.CreatePatientResponse,
                effect=effect,
            )

    async def update(self, caller: Caller, change: Change) -> Patient:
        """Change fields; a changed pair suspends the active bindings. Returns the record as it is now.

        Represented patients with the same contact data get the new ones, too.
        """
        practice_id = practice_of(caller)
        for _ in range(_TRIES):
            async with self._database.transaction((practice_id,)) as tx:
                changed = await self._try_update(tx, caller, practice_id, change)
            if changed is not None:
                return changed
        raise refusals.patient_changed()

    async def _add(
        self, tx: AsyncConnection, caller: Caller, practice_id: UUID, given: patients_pb2.PatientData
    ) -> Patient:
        around = await self._surroundings(tx, practice_id)
        data = new_data(given, around)
        patient_id, indexes = self._new_id(), self._store.contact_indexes(data)
        await lock_pairs(tx, practice_id, (indexes.email, indexes.pair))
        await self._store.add(tx, practice_id, patient_id, data, around.now)
        await self._corrections.arrived(tx, (indexes,))
        new = (patient_id,)
        others = await settle(tx, practice_id, (indexes.email,), new, around.now, made=new)
        await tell_changed(tx, practice_id, others | {patient_id}, around.now)
        await _audit(tx, caller, "patient.create", practice_id, patient_id, around.now)
        return await self._get(tx, practice_id, patient_id)

    async def _try_update(
        self, tx: AsyncConnection, caller: Caller, practice_id: UUID, change: Change
    ) -> Patient | None:
        """None where the contact data moved between look and lock: then the locks are not the right ones."""
        around = await self._surroundings(tx, practice_id)
        seen = await self._get(tx, practice_id, change.patient_id)
        check_version(seen.state, change.version)
        wanted = changed_data(seen.data, change.data, change.fields, around)
        indexes = {self._store.contact_indexes(seen.data), self._store.contact_indexes(wanted)}
        await lock_pairs(tx, practice_id, [index for each in indexes for index in (each.email, each.pair)])
        before = await self._get(tx, practice_id, change.patient_id, locked=True)
        check_version(before.state, change.version)
        check_not_archived(before.state)
        after = changed_data(before.data, change.data, change.fields, around)
        if {self._store.contact_indexes(before.data), self._store.contact_indexes(after)} != indexes:
            return None
        release = "birth_date" in change.fields
        if after == before.data and not (release and before.state.birth_date_tries):
            return before
        await self._store.replace(tx, before, after, release_birth_date=release)
        place = (practice_id, change.patient_id)
        await self._corrections.made(tx, place, before.data, after, around.now)
        moved: frozenset[UUID] = frozenset()
        if after.contact != before.data.contact:
            moved = await self._moving_along.follow(tx, caller, before, after, around.now)
        return await self._finish(tx, caller, before, indexes, moved, around.now)

    async def _finish(
        self,
        tx: AsyncConnection,
        caller: Caller,
        before: Patient,
        indexes: set[ContactIndexes],
        moved: frozenset[UUID],
        now: datetime,
    ) -> Patient:
        practice_id, patient_id = before.state.practice_id, before.state.id
        others = moved
        if len({each.pair for each in indexes}) > 1:
            await self._store.suspend_bindings(tx, practice_id, patient_id)
            represented = frozenset(await represented_by(tx, practice_id, (patient_id,)))
            await raise_versions(tx, practice_id, represented)
            others |= represented
        if len(indexes) > 1:
            emails = [each.email for each in indexes]
            others |= await settle(tx, practice_id, emails, {patient_id, *moved}, now)
        await tell_changed(tx, practice_id, others | {patient_id}, now)
        await _audit(tx, caller, "patient.update", practice_id, patient_id, now)
        return await self._get(tx, practice_id, patient_id)

    async def _surroundings(self, tx: AsyncConnection, practice_id: UUID) -> Surroundings:
        practice = await get_practice(tx, practice_id)
        if practice is None:
            raise refusals.practice_not_found()
        return Surroundings(practice.settings.region, self._clock())

    async def _get(
        self, tx: AsyncConnection, practice_id: UUID, patient_id: UUID, *, locked: bool = False
    ) -> Patient:
        found = await self._store.get(tx, practice_id, patient_id, locked=locked)
        if found is None:
            raise refusals.patient_not_found()
        return found


async def _audit(
    tx: AsyncConnection, caller: Caller, action: str, practice_id: UUID, patient_id: UUID, now: datetime
) -> None:
    await record_audit(
        tx,
        caller=caller,
        tenant_id=practice_id,
        action=action,
        object_kind="patient",
        object_id=patient_id,
        now=now,
    )
