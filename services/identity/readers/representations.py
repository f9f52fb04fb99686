"""Representations in the database: who reads for whom, with terms that lie sealed."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.keys import Keys, Sealer
from services.identity.readers.domain import Basis, Terms, end_of, holds
from services.identity.records import RecordSealer
from services.identity.tables.practices import patient
from services.identity.tables.readers import representation

_R = representation.c
_P = patient.c
_BY_ACCOUNT: Final = text("SELECT * FROM representations_by_account(:account_id)").bindparams(
    bindparam("account_id", type_=Uuid)
)


@dataclass(frozen=True, slots=True)
class NewRepresentation:
    """What a representation begins with."""

    id: UUID
    patient_id: UUID
    representative_id: UUID
    basis: Basis
    terms: Terms


@dataclass(frozen=True, slots=True)
class Representation:
    """Somebody reads for a patient, of whom the birth date is known or not."""

    practice_id: UUID
    id: UUID
    patient_id: UUID
    representative_id: UUID
    basis: Basis
    terms: Terms
    born: date | None
    began_at: datetime
    asked_at: datetime | None

    @property
    def ends_on(self) -> date | None:
        """The first day on which it does not hold any more."""
        return end_of(self.basis, self.terms, self.born)


@dataclass(frozen=True, slots=True)
class Represented:
    """A patient for whom an account's person reads today."""

    practice_id: UUID
    patient_id: UUID
    since: datetime


class Representations:
    """Stores and finds representations."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def add(
        self, tx: AsyncConnection, practice_id: UUID, new: NewRepresentation, now: datetime
    ) -> None:
        """Keep a new one; the patient has no other."""
        sealer = RecordSealer(await self._keys.sealer(new.patient_id), practice_id, new.id)
        ends_on = new.terms.ends_on
        written = {**asdict(new.terms), "ends_on": ends_on.isoformat() if ends_on else None}
        row = {
            "practice_id": practice_id,
            "id": new.id,
            "patient_id": new.patient_id,
            "representative_id": new.representative_id,
            "basis": new.basis,
            "terms": sealer.seal("terms", json.dumps(written)),
            "began_at": now,
        }
        await tx.execute(insert(representation).values(row))

    async def of_patient(
        self, tx: AsyncConnection, practice_id: UUID, patient_id: UUID
    ) -> Representation | None:
        """Who reads for the patient, if anybody does."""
        return await self._one(tx, practice_id, _R.patient_id == patient_id)

    async def get(
        self, tx: AsyncConnection, practice_id: UUID, representation_id: UUID
    ) -> Representation | None:
        """The representation, unless it has ended."""
        return await self._one(tx, practice_id, _R.id == representation_id)

    async def of_account(self, tx: AsyncConnection, account_id: UUID, today: date) -> list[Represented]:
        """For whom the account's person reads today, in all practices; what has run out counts no more."""
        rows = (await tx.execute(_BY_ACCOUNT, {"account_id": account_id})).all()
        if not rows:
            return []
        sealers = await self._keys.sealers([row.patient_id for row in rows])
        return [
            Represented(row.practice_id, row.patient_id, row.began_at)
            for row in rows
            if holds(row.basis, *_opened(row, sealers[row.patient_id]), today)
        ]

    async def _one(self, tx: AsyncConnection, practice_id: UUID, wanted: Any) -> Representation | None:
        query = (
            select(representation, _P.birth_date)
            .join(patient, (_P.practice_id == _R.practice_id) & (_P.id == _R.patient_id))
            .where(_R.practice_id == practice_id, wanted, _R.ended_at.is_(None))
        )
        row = (await tx.execute(query)).one_or_none()
        if row is None:
            return None
        terms, born = _opened(row, await self._keys.sealer(row.patient_id))
        return Representation(
            practice_id,
            row.id,
            row.patient_id,
            row.representative_id,
            row.basis,
            terms,
            born,
            row.began_at,
            row.asked_at,
        )


async def end_representation(tx: AsyncConnection, practice_id: UUID, patient_id: UUID, now: datetime) -> bool:
    """Nobody reads for the patient any more; False where nobody did."""
    ended = update(representation).where(
        _R.practice_id == practice_id, _R.patient_id == patient_id, _R.ended_at.is_(None)
    )
    return (await tx.execute(ended.values(ended_at=now))).rowcount == 1


async def hand_over(tx: AsyncConnection, practice_id: UUID, before: UUID, after: UUID) -> None:
    """Whom one record represented another represents from now on."""
    handed = update(representation).where(
        _R.practice_id == practice_id, _R.representative_id == before, _R.ended_at.is_(None)
    )
    await tx.execute(handed.values(representative_id=after))


async def represented_by(
    tx: AsyncConnection, practice_id: UUID, representatives: Collection[UUID]
) -> tuple[UUID, ...]:
    """The patients for whom these read, by id."""
    query = select(_R.patient_id).where(
        _R.practice_id == practice_id, _R.representative_id.in_(representatives), _R.ended_at.is_(None)
    )
    return tuple((await tx.execute(query.order_by(_R.patient_id))).scalars())


def _opened(row: Any, sealer: Sealer) -> tuple[Terms, date | None]:
    """The terms and the birth date of who is represented."""
    read = json.loads(RecordSealer(sealer, row.practice_id, row.id).open("terms", row.terms))
    ends_on = date.fromisoformat(read["ends_on"]) if read["ends_on"] else None
    born = RecordSealer(sealer, row.practice_id, row.patient_id).open_optional("birth_date", row.birth_date)
    return Terms(read["note"], ends_on), date.fromisoformat(born) if born else None
