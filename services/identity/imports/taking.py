"""Takes rows of an import over in one transaction: new records in few statements, changed ones one by one."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.arrays import is_one_of
from chassis.audit import record_audits
from chassis.caller import Caller
from services.identity.admission.corrections import Corrections
from services.identity.contact import ContactIndex
from services.identity.imports.differences import note_difference
from services.identity.imports.domain import Outcome, Rejection, Verdict, judge_row
from services.identity.imports.rows import Row, imported_data
from services.identity.patients.domain import ContactIndexes, Patient, PatientData
from services.identity.patients.pairs import lock_pairs
from services.identity.patients.states import tell_changed
from services.identity.patients.store import NewRecord, PatientStore
from services.identity.patients.translation import Surroundings
from services.identity.readers.moving_along import MovingAlong
from services.identity.readers.questions import settle
from services.identity.tables.practices import binding, patient
from services.identity.tables.readers import representation

_LOCK: Final = 0x696D706F

# A row, and what the record says that it is about, if there is one.
Pair: TypeAlias = tuple[Row, Patient | None]


class Moved(Exception):
    """A record's contact data changed between the look and the locks: the locks are not the right ones."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to become of the rows of one transaction."""

    new: list[tuple[Row, NewRecord]]
    changed: list[tuple[Row, Patient, Verdict]]
    rejected: list[tuple[Row, Rejection]]

    def contacts(self) -> list[PatientData]:
        """All contact data that records get or lose."""
        data = [record.data for _, record in self.new]
        for _, before, verdict in self.changed:
            data += [before.data, verdict.data]
        return data


class Reading:
    """What the rows of one transaction say: planned by twice, but read once."""

    def __init__(self, store: PatientStore, around: Surroundings) -> None:
        self._store = store
        self.around = around
        self._said: dict[tuple[int, PatientData | None], PatientData | Rejection] = {}
        self._indexes: dict[PatientData, ContactIndexes] = {}

    def all(self, pairs: Sequence[Pair]) -> list[PatientData | Rejection]:
        """What each row makes of its record, or of none. It takes long: others are answered meanwhile."""
        return [self._read(row, None if before is None else before.data) for row, before in pairs]

    def indexes(self, data: PatientData) -> ContactIndexes:
        """What others with the same contact data are found by."""
        if data not in self._indexes:
            self._indexes[data] = self._store.contact_indexes(data)
        return self._indexes[data]

    def to_lock(self, plan: Plan) -> set[bytes]:
        """The addresses and pairs that records get or lost."""
        indexes = [self.indexes(each) for each in plan.contacts()]
        return {index for each in indexes for index in (each.email, each.pair) if index is not None}

    def _read(self, row: Row, before: PatientData | None) -> PatientData | Rejection:
        key = (row.place, before)
        if key not in self._said:
            said = self._said[key] = imported_data(row.given, before, self.around)
            if isinstance(said, PatientData):
                self.indexes(said)
        return self._said[key]


class Taking:
    """Carries out the rows of one transaction, which the caller has opened for the practice."""

    def __init__(
        self,
        store: PatientStore,
        contact: ContactIndex,
        corrections: Corrections,
        moving_along: MovingAlong,
        new_id: Callable[[], UUID],
    ) -> None:
        self._store = store
        self._contact = contact
        self._corrections = corrections
        self._moving_along = moving_along
        self._new_id = new_id

    async def take(
        self,
        tx: AsyncConnection,
        caller: Caller,
        practice_id: UUID,
        rows: Sequence[Row],
        around: Surroundings,
    ) -> Mapping[int, Outcome | Rejection]:
        """What became of each row, by its place. Raises Moved where it is to be done again."""
        await tx.execute(select(func.pg_advisory_xact_lock(_LOCK, func.hashtext(str(practice_id)))))
        reading = Reading(self._store, around)
        seen = await self._planned(tx, practice_id, rows, reading, locked=False)
        await lock_pairs(tx, practice_id, reading.to_lock(seen))
        plan = await self._planned(tx, practice_id, rows, reading, locked=True)
        if not reading.to_lock(plan) <= reading.to_lock(seen):
            raise Moved
        await self._carry_out(tx, caller, practice_id, plan, reading)
        outcomes: dict[int, Outcome | Rejection] = {row.place: "created" for row, _ in plan.new}
        outcomes |= {row.place: verdict.outcome for row, _, verdict in plan.changed}
        return outcomes | {row.place: rejected for row, rejected in plan.rejected}

    async def _planned(
        self,
        tx: AsyncConnection,
        practice_id: UUID,
        rows: Sequence[Row],
        reading: "Reading",
        *,
        locked: bool,
    ) -> Plan:
        known = await _known(tx, practice_id, [row.external_index for row in rows])
        records = await self._store.batch(tx, practice_id, known.values(), locked=locked)
        verified = await _verified(tx, practice_id, list(records))
        plan = Plan([], [], [])
        pairs = [
            (row, records.get(known[row.external_index])) if row.external_index in known else (row, None)
            for row in rows
        ]
        for (row, before), data in zip(pairs, await asyncio.to_thread(reading.all, pairs), strict=True):
            if isinstance(data, Rejection):
                plan.rejected.append((row, data))
            elif before is None:
                indexes = reading.indexes(data)
                plan.new.append((row, NewRecord(self._new_id(), data, indexes, row.external_index)))
            else:
                verdict = judge_row(before, data, verified=before.state.id in verified)
                plan.changed.append((row, before, verdict))
        return plan

    async def _carry_out(
        self, tx: AsyncConnection, caller: Caller, practice_id: UUID, plan: Plan, reading: "Reading"
    ) -> None:
        new, now = [record for _, record in plan.new], reading.around.now
        await self._store.add_several(tx, practice_id, new, now)
        made, touched, moved = {record.id for record in new}, set[UUID](), set[UUID]()
        for _, before, verdict in plan.changed:
            if await self._change(tx, before, verdict, now):
                touched.add(before.state.id)
            if verdict.data.contact != before.data.contact:
                moved |= {before.state.id, *await self._follow(tx, caller, before, verdict, plan, now)}
        await self._corrections.arrived(tx, [record.indexes for record in new])
        emails = [reading.indexes(each).email for each in plan.contacts()]
        others = await settle(tx, practice_id, emails, made | moved, now) if made | moved else frozenset()
        await tell_changed(tx, practice_id, made | touched | moved | others, now)
        for action, ids in (("patient.create", made), ("patient.update", touched)):
            await record_audits(
                tx,
                caller=caller,
                tenant_id=practice_id,
                action=action,
                object_kind="patient",
                object_ids=sorted(ids),
                now=now,
                why="import",
            )

    async def _follow(
        self,
        tx: AsyncConnection,
        caller: Caller,
        before: Patient,
        verdict: Verdict,
        plan: Plan,
        now: datetime,
    ) -> frozenset[UUID]:
        """Whose records moved along; what is said by a row of its own is as the row says."""
        rows_own = {each.state.id for _, each, _ in plan.changed}
        return await self._moving_along.follow(tx, caller, before, verdict.data, now, apart=rows_own)

    async def _change(self, tx: AsyncConnection, before: Patient, verdict: Verdict, now: datetime) -> bool:
        """Whether the record was stored anew."""
        patient_id = before.state.id
        if verdict.refused_contact is not None:
            said = self._contact.said(*verdict.refused_contact)
            sealer = await self._store.sealer(before.state.practice_id, patient_id)
            await note_difference(tx, sealer, verdict.refused_contact, said, now)
        if verdict.data == before.data:
            return False
        released = verdict.data.birth_date != before.data.birth_date
        await self._store.replace(tx, before, verdict.data, release_birth_date=released)
        place = (before.state.practice_id, patient_id)
        await self._corrections.made(tx, place, before.data, verdict.data, now)
        return True


async def _known(tx: AsyncConnection, practice_id: UUID, external: Sequence[bytes]) -> Mapping[bytes, UUID]:
    query = select(patient.c.external_index, patient.c.id).where(
        patient.c.practice_id == practice_id, is_one_of(patient.c.external_index, external)
    )
    return {row.external_index: row.id for row in await tx.execute(query)}


async def _verified(tx: AsyncConnection, practice_id: UUID, ids: Sequence[UUID]) -> frozenset[UUID]:
    """Records whose contact data a person has verified, or staff have changed since.

    A representative's proof of the pair is one for the represented who has the same.
    """
    proven = binding.c.state.in_(("active", "suspended"))
    own = select(binding.c.patient_id).where(
        binding.c.practice_id == practice_id, is_one_of(binding.c.patient_id, ids), proven
    )
    theirs = (
        select(representation.c.patient_id)
        .join_from(
            representation,
            patient,
            (patient.c.practice_id == representation.c.practice_id)
            & (patient.c.id == representation.c.patient_id),
        )
        .join(
            binding,
            (binding.c.practice_id == representation.c.practice_id)
            & (binding.c.patient_id == representation.c.representative_id),
        )
        .where(
            representation.c.practice_id == practice_id,
            is_one_of(representation.c.patient_id, ids),
            representation.c.ended_at.is_(None),
            binding.c.pair_index == patient.c.pair_index,
            proven,
        )
    )
    return frozenset((await tx.execute(union(own, theirs))).scalars())
