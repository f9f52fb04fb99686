"""The records that an answer concerns, locked together so that what it is decided by stays so."""

from collections.abc import Collection, Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity import refusals
from services.identity.patients.domain import ContactIndexes
from services.identity.patients.pairs import lock_pairs
from services.identity.patients.store import PatientStore
from services.identity.readers.domain import Subject
from services.identity.tables.practices import patient
from services.identity.tables.readers import representation

_P = patient.c
_R = representation.c
_ACTIVE: Final = (_R.practice_id == _P.practice_id) & _R.ended_at.is_(None)
_REPRESENTED: Final = exists().where(_ACTIVE, _R.patient_id == _P.id)
_REPRESENTS: Final = exists().where(_ACTIVE, _R.representative_id == _P.id)


class Subjects:
    """Loads what an answer must know of records."""

    def __init__(self, store: PatientStore) -> None:
        self._store = store

    async def locked(
        self, tx: AsyncConnection, practice_id: UUID, ids: Collection[UUID]
    ) -> Mapping[UUID, Subject]:
        """These records and all that share an address with one; nobody changes or binds them meanwhile.

        Refuses PATIENT_NOT_FOUND where one of the ids is none, PATIENT_CHANGED where their contact data moved
        between the look and the lock: then the locks are not the right ones.
        """
        seen = await _around(tx, practice_id, ids)
        if not set(ids) <= seen.keys():
            raise refusals.patient_not_found()
        indexes = [index for each in seen.values() for index in (each.email, each.pair)]
        await lock_pairs(tx, practice_id, indexes)
        locked = select(_P.id).where(_P.practice_id == practice_id, _P.id.in_(seen)).order_by(_P.id)
        await tx.execute(locked.with_for_update())
        if await _around(tx, practice_id, ids) != seen:
            raise refusals.patient_changed()
        return await self._loaded(tx, practice_id, seen)

    async def _loaded(
        self, tx: AsyncConnection, practice_id: UUID, seen: Mapping[UUID, ContactIndexes]
    ) -> Mapping[UUID, Subject]:
        records = await self._store.batch(tx, practice_id, list(seen))
        ties = select(_P.id, _REPRESENTED.label("represented"), _REPRESENTS.label("represents"))
        rows = await tx.execute(ties.where(_P.practice_id == practice_id, _P.id.in_(seen)))
        return {
            row.id: Subject(
                id=row.id,
                email_index=seen[row.id].email,
                pair_index=seen[row.id].pair,
                birth_date=records[row.id].data.birth_date,
                archived=records[row.id].state.archived,
                represented=row.represented,
                represents=row.represents,
            )
            for row in rows
        }


async def _around(
    tx: AsyncConnection, practice_id: UUID, ids: Collection[UUID]
) -> dict[UUID, ContactIndexes]:
    """What these records, and all that share an address with one of them, are found by."""
    emails = select(_P.email_index).where(
        _P.practice_id == practice_id, _P.id.in_(ids), _P.email_index.is_not(None)
    )
    sharing = select(_P.id, _P.email_index, _P.pair_index).where(
        _P.practice_id == practice_id,
        (_P.id.in_(ids)) | (_P.email_index.in_(emails) & _P.archived_at.is_(None)),
    )
    return {row.id: ContactIndexes(row.email_index, row.pair_index) for row in await tx.execute(sharing)}
