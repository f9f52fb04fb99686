"""Keeps patients' records: personal fields sealed, found by blind indexes, read back as they were."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.arrays import among, is_one_of
from chassis.keys import Keys, NewKey
from chassis.paging import Position
from services.identity.bulk import insert_all
from services.identity.contact import ContactIndex
from services.identity.patients.domain import ContactIndexes, Patient, PatientData
from services.identity.patients.search import SearchIndex
from services.identity.patients.states import STATE_COLUMNS, state_of
from services.identity.records import RecordSealer
from services.identity.tables.practices import binding, patient, patient_search

_DATA_COLUMNS = (
    patient.c.given_name,
    patient.c.family_name,
    patient.c.birth_date,
    patient.c.email,
    patient.c.mobile,
    patient.c.language,
)
_PATIENT = select(*STATE_COLUMNS, *_DATA_COLUMNS, patient.c.created_at)
# A dozen tokens of each record travel as one value, and become rows here.
_INSERT_TOKENS = text(
    "INSERT INTO patient_search (practice_id, patient_id, token)"
    " SELECT CAST(:practice AS uuid), patient_id, substr(tokens, place, 32)"
    " FROM unnest(CAST(:patients AS uuid[]), CAST(:tokens AS bytea[])) AS given (patient_id, tokens),"
    " generate_series(1, length(tokens), 32) AS place"
)


@dataclass(frozen=True, slots=True)
class NewRecord:
    """A record to store; `external_index` finds it by the number of the practice's own system."""

    id: UUID
    data: PatientData
    indexes: ContactIndexes
    external_index: bytes | None


@dataclass(frozen=True, slots=True, repr=False)
class SealedRecord:
    """A new record as it is stored: its key, what its row has for itself, and what its names are found by."""

    key: NewKey
    row: Mapping[str, object]
    tokens: bytes


class PatientStore:
    """Patients' rows of the practice that the transaction is open for."""

    def __init__(self, keys: Keys, contact: ContactIndex, search: SearchIndex) -> None:
        self._keys = keys
        self._contact = contact
        self._search = search

    def pair_index(self, data: PatientData) -> bytes | None:
        """The index of the record's pair, None where it is not complete."""
        if data.email is None or data.mobile is None:
            return None
        return self._contact.pair(data.email, data.mobile)

    def contact_indexes(self, data: PatientData) -> ContactIndexes:
        """What other records with the same contact data are found by."""
        email = self._contact.email(data.email) if data.email else None
        return ContactIndexes(email, self.pair_index(data))

    async def add(
        self, tx: AsyncConnection, practice_id: UUID, patient_id: UUID, data: PatientData, now: datetime
    ) -> None:
        """Store a new record, version 1; its contact data are locked by the caller."""
        record = NewRecord(patient_id, data, self.contact_indexes(data), None)
        await self.add_sealed(tx, practice_id, (self.sealed(practice_id, record),), now)

    def sealed(self, practice_id: UUID, record: NewRecord) -> SealedRecord:
        """Seal a new record under a new key; takes a tenth of a millisecond."""
        key = self._keys.new(record.id)
        row = self._columns(RecordSealer(key.sealer, practice_id, record.id), record.data, record.indexes)
        return SealedRecord(
            key,
            {"id": record.id, "external_index": record.external_index, **row},
            self._tokens(practice_id, record.data),
        )

    async def add_sealed(
        self, tx: AsyncConnection, practice_id: UUID, records: Sequence[SealedRecord], now: datetime
    ) -> None:
        """Store new records, version 1, and their keys; their contact data are locked by the caller."""
        if not records:
            return
        storing = asyncio.create_task(self._keys.store_new([each.key for each in records]))
        try:
            begun = {"conflict": False, "birth_date_tries": 0, "version": 1, "contact_version": 1}
            rows = [each.row for each in records]
            await insert_all(tx, patient, rows, {"practice_id": practice_id, "created_at": now, **begun})
            await _index_names(tx, practice_id, {each.key.subject_id: each.tokens for each in records})
        finally:
            await storing

    async def replace(
        self, tx: AsyncConnection, before: Patient, data: PatientData, *, release_birth_date: bool
    ) -> None:
        """Store the record's new data, one version on; old and new contact data are locked by the caller."""
        practice_id, patient_id = before.state.practice_id, before.state.id
        sealer, indexes = await self.sealer(practice_id, patient_id), self.contact_indexes(data)
        values = self._columns(sealer, data, indexes)
        values["version"] = patient.c.version + 1
        if data.contact != before.data.contact:
            values["contact_version"] = patient.c.contact_version + 1
        if release_birth_date:
            values["birth_date_tries"] = 0
        await tx.execute(update(patient).where(_is(practice_id, patient_id)).values(values))
        if (data.given_name, data.family_name) != (before.data.given_name, before.data.family_name):
            await tx.execute(delete(patient_search).where(*_names_of(practice_id, patient_id)))
            await _index_names(tx, practice_id, {patient_id: self._tokens(practice_id, data)})

    async def get(
        self, tx: AsyncConnection, practice_id: UUID, patient_id: UUID, *, locked: bool = False
    ) -> Patient | None:
        """Return the record, None where there is none; locked: nobody else changes it meanwhile."""
        query = _PATIENT.where(_is(practice_id, patient_id))
        if locked:
            query = query.with_for_update(of=patient)
        patients = await self._opened((await tx.execute(query)).all())
        return patients[0] if patients else None

    async def batch(
        self, tx: AsyncConnection, practice_id: UUID, patient_ids: Collection[UUID], *, locked: bool = False
    ) -> Mapping[UUID, Patient]:
        """Return those of the records that exist; locked: nobody else changes them meanwhile."""
        query = _PATIENT.where(patient.c.practice_id == practice_id, is_one_of(patient.c.id, patient_ids))
        if locked:
            query = query.order_by(patient.c.id).with_for_update(of=patient)
        return {found.state.id: found for found in await self._opened((await tx.execute(query)).all())}

    async def of_practices(
        self, tx: AsyncConnection, records: Collection[tuple[UUID, UUID]]
    ) -> list[Patient]:
        """Return those of the records that exist, each named by practice and patient."""
        query = _PATIENT.where(among(patient.c.practice_id, patient.c.id, records))
        return await self._opened((await tx.execute(query)).all())

    async def page(
        self,
        tx: AsyncConnection,
        practice_id: UUID,
        conditions: Sequence[ColumnElement[bool]],
        *,
        after: Position | None,
        most: int,
    ) -> list[Patient]:
        """Return at most so many records that fulfil the conditions, oldest first."""
        query = _PATIENT.where(patient.c.practice_id == practice_id, *conditions)
        if after is not None:
            query = query.where(tuple_(patient.c.created_at, patient.c.id) > (after.at, after.id))
        query = query.order_by(patient.c.created_at, patient.c.id).limit(most)
        return await self._opened((await tx.execute(query)).all())

    async def suspend_bindings(self, tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> None:
        """Suspend the record's active bindings: who reads must prove the new pair first."""
        await tx.execute(
            update(binding)
            .where(
                binding.c.practice_id == practice_id,
                binding.c.patient_id == patient_id,
                binding.c.state == "active",
            )
            .values(state="suspended")
        )

    async def sealer(self, practice_id: UUID, patient_id: UUID) -> RecordSealer:
        """What seals and opens the fields of a record."""
        return RecordSealer(await self._keys.sealer(patient_id), practice_id, patient_id)

    def _columns(self, sealer: RecordSealer, data: PatientData, indexes: ContactIndexes) -> dict[str, object]:
        born = data.birth_date
        return {
            "given_name": sealer.seal("given_name", data.given_name),
            "family_name": sealer.seal("family_name", data.family_name),
            "birth_date": sealer.seal_optional("birth_date", born.isoformat() if born else None),
            "email": sealer.seal_optional("email", data.email),
            "mobile": sealer.seal_optional("mobile", data.mobile),
            "language": data.language,
            "birth_date_index": self._search.birth_date(sealer.practice_id, born) if born else None,
            "email_index": indexes.email,
            "mobile_index": self._contact.mobile(data.mobile) if data.mobile else None,
            "pair_index": indexes.pair,
        }

    def _tokens(self, practice_id: UUID, data: PatientData) -> bytes:
        """All in one, as `_index_names` takes them."""
        return b"".join(self._search.tokens(practice_id, (data.given_name, data.family_name)))

    async def _opened(self, rows: Sequence[Row[tuple[object, ...]]]) -> list[Patient]:
        sealers = await self._keys.sealers([row.id for row in rows]) if rows else {}
        return [_patient(row, RecordSealer(sealers[row.id], row.practice_id, row.id)) for row in rows]


async def _index_names(tx: AsyncConnection, practice_id: UUID, tokens: Mapping[UUID, bytes]) -> None:
    values = {"practice": practice_id, "patients": list(tokens), "tokens": list(tokens.values())}
    await tx.execute(_INSERT_TOKENS, values)


def _is(practice_id: UUID, patient_id: UUID) -> ColumnElement[bool]:
    return (patient.c.practice_id == practice_id) & (patient.c.id == patient_id)


def _names_of(practice_id: UUID, patient_id: UUID) -> tuple[ColumnElement[bool], ...]:
    return patient_search.c.practice_id == practice_id, patient_search.c.patient_id == patient_id


def _patient(row: Row[tuple[object, ...]], sealer: RecordSealer) -> Patient:
    born = sealer.open_optional("birth_date", row.birth_date)
    data = PatientData(
        given_name=sealer.open("given_name", row.given_name),
        family_name=sealer.open("family_name", row.family_name),
        birth_date=date.fromisoformat(born) if born else None,
        email=sealer.open_optional("email", row.email),
        mobile=sealer.open_optional("mobile", row.mobile),
        language=row.language,
    )
    return Patient(data, state_of(row), row.created_at)
