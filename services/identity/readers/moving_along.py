"""Lets the records of represented patients move along when their representative's contact data change."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audits
from chassis.caller import Caller
from services.identity.admission.corrections import Corrections
from services.identity.patients.domain import Patient, PatientData
from services.identity.patients.store import PatientStore
from services.identity.readers.domain import moved_along
from services.identity.readers.representations import represented_by
from services.identity.tables.practices import binding

MOVED_ALONG: Final = "patient.contact_follows"

_B: Final = binding.c


class MovingAlong:
    """Changes records whose representative's contact data, old and new, the caller has locked (`lock_pairs`).

    A record with its representative's address and another number is found by a pair that is not locked, and
    need not be: nobody is bound by the pair of a represented patient who shares the representative's address.
    """

    def __init__(self, store: PatientStore, corrections: Corrections) -> None:
        self._store = store
        self._corrections = corrections

    async def follow(
        self,
        tx: AsyncConnection,
        caller: Caller,
        before: Patient,
        after: PatientData,
        now: datetime,
        *,
        apart: Collection[UUID] = (),
    ) -> frozenset[UUID]:
        """Give those who have the old contact data of `before` the new ones; return whose records changed.

        Not those `apart`, nor who has verified the own contact data. The caller settles and tells of them.
        """
        practice_id = before.state.practice_id
        ids = set(await represented_by(tx, practice_id, (before.state.id,))) - set(apart)
        ids -= await _bound_themselves(tx, practice_id, ids)
        seen = await self._store.batch(tx, practice_id, ids)
        sharing = [each for each in sorted(seen) if _moves(before.data, after, seen[each])]
        records = await self._store.batch(tx, practice_id, sharing, locked=True)
        for patient_id in sharing:
            record = records[patient_id]
            data = moved_along(before.data, after, record.data)
            await self._store.replace(tx, record, data, release_birth_date=False)
            await self._corrections.made(tx, (practice_id, patient_id), record.data, data, now)
        await record_audits(
            tx,
            caller=caller,
            tenant_id=practice_id,
            action=MOVED_ALONG,
            object_kind="patient",
            object_ids=sharing,
            now=now,
        )
        return frozenset(sharing)


def _moves(before: PatientData, after: PatientData, record: Patient) -> bool:
    return not record.state.archived and moved_along(before, after, record.data) != record.data


async def _bound_themselves(
    tx: AsyncConnection, practice_id: UUID, patient_ids: Collection[UUID]
) -> frozenset[UUID]:
    query = select(_B.patient_id).where(
        _B.practice_id == practice_id, _B.patient_id.in_(patient_ids), _B.state == "active"
    )
    return frozenset((await tx.execute(query)).scalars())
