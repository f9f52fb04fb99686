"""Takes rows of an import over in one transaction: new records in few statements, changed ones one by one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID

from sqlalchemy import func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis import outbox
from chassis.arrays import is_one_of
from chassis.audit import Act, recording
from chassis.caller import Caller
from chassis.many_rows import carry_out
from chassis.turns import taking_turns
from services.identity.admission.corrections import Corrections
from services.identity.contact import ContactIndex
from services.identity.imports.differences import note_difference
from services.identity.imports.domain import Outcome, Rejection, Verdict, judge_row
from services.identity.imports.rows import Row, imported_data
from services.identity.patients.domain import ContactIndexes, Patient, PatientData
from services.identity.patients.pairs import lock_pairs
from services.identity.patients.states import change, changes, new_state
from services.identity.patients.store import NewRecord, PatientStore, SealedRecord
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
    """What the rows of one transaction say: planned by twice, but read and sealed once."""

    def __init__(self, store: PatientStore, around: Surroundings) -> None:
        self._store = store
        self.around = around
        self._said: dict[tuple[int, PatientData | None], PatientData | Rejection] = {}
        self._indexes: dict[PatientData, ContactIndexes] = {}
        self._new: dict[int, NewRecord] = {}
        self._sealed: dict[int, SealedRecord] = {}

    async def all(self, pairs: Sequence[Pair]) -> list[PatientData | Rejection]:
        """What each row makes of its record, or of none. It takes long: others are answered meanwhile."""
        new = [pair for pair in pairs if _key(*pair) not in self._said]
        async for row, before in taking_turns(new):
            said = imported_data(row.given, None if before is None else before.data, self.around)
            if isinstance(said, PatientData):
                self.indexes(said)
            self._said[_key(row, before)] = said
        return [self._said[_key(*pair)] for pair in pairs]

    def new(self, row: Row, data: PatientData, new_id: Callable[[], UUID]) -> NewRecord:
        """The record that a row is made, with the same id each time."""
        if row.place not in self._new:
            self._new[row.place] = NewRecord(new_id(), data, self.indexes(data), row.external_index)
        return self._new[row.place]

    async def sealed(self, practice_id: UUID, plan: Plan) -> list[SealedRecord]:
        """The new records as they are stored."""
        missing = [(row.place, record) for row, record in plan.new if row.place not in self._sealed]
        async for place, record in taking_turns(missing):
            self._sealed[place] = self._store.sealed(practice_id, record)
        return [self._sealed[row.place] for row, _ in plan.new]

    def indexes(self, data: PatientData) -> ContactIndexes:
        """What others with the same contact data are found by."""
        if data not in self._indexes:
            self._indexes[data] = self._store.contact_indexes(data)
        return self._indexes[data]

    def to_lock(self, plan: Plan) -> set[bytes]:
        """The addresses and pairs that records get or lost."""
        indexes = [self.indexes(each) for each in plan.contacts()]
        return {index for each in indexes for index in (each.email, each.pair) if index is not None}


def _key(row: Row, before: Patient | None) -> tuple[int, PatientData | None]:
    return row.place, None if before is None else before.data


@dataclass(frozen=True, slots=True)
class Seen:
    """Records that rows of an import are about, by their numbers; `verified` ones keep their contact data."""

    records: Mapping[bytes, Patient]
    verified: frozenset[UUID]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Rows that were read and sealed, and what follows from them if the records stay as they were seen."""

    rows: Sequence[Row]
    reading: Reading
    plan: Plan


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

    async def look(
        self, tx: AsyncConnection, practice_id: UUID, rows: Sequence[Row], *, locked: bool = False
    ) -> Seen:
        """What there is of the rows; locked: nobody else changes it meanwhile."""
        known = await _known(tx, practice_id, [row.external_index for row in rows])
        if not known:
            return Seen({}, frozenset())
        records = await self._store.batch(tx, practice_id, known.values(), locked=locked)
        numbers = {number: records[each] for number, each in known.items() if each in records}
        return Seen(numbers, await _verified(tx, practice_id, list(records)))

    async def prepare(
        self, practice_id: UUID, rows: Sequence[Row], seen: Seen, around: Surroundings
    ) -> Prepared:
        """Read the rows, and seal those that seem to be new: what takes long, and needs no transaction."""
        reading = Reading(self._store, around)
        plan = await self._planned(rows, seen, reading)
        await reading.sealed(practice_id, plan)
        return Prepared(rows, reading, plan)

    async def take(
        self, tx: AsyncConnection, caller: Caller, practice_id: UUID, prepared: Prepared, now: datetime
    ) -> Mapping[int, Outcome | Rejection]:
        """What became of each row, by its place. Raises Moved where it is to be prepared again."""
        reading = prepared.reading
        to_lock = reading.to_lock(prepared.plan)
        await tx.execute(select(func.pg_advisory_xact_lock(_LOCK, func.hashtext(str(practice_id)))))
        await lock_pairs(tx, practice_id, to_lock)
        seen = await self.look(tx, practice_id, prepared.rows, locked=True)
        plan = await self._planned(prepared.rows, seen, reading)
        if not reading.to_lock(plan) <= to_lock:
            raise Moved
        await self._carry_out(tx, caller, practice_id, plan, reading, now)
        outcomes: dict[int, Outcome | Rejection] = {row.place: "created" for row, _ in plan.new}
        outcomes |= {row.place: verdict.outcome for row, _, verdict in plan.changed}
        return outcomes | {row.place: rejected for row, rejected in plan.rejected}

    async def _planned(self, rows: Sequence[Row], seen: Seen, reading: Reading) -> Plan:
        plan = Plan([], [], [])
        pairs = [(row, seen.records.get(row.external_index)) for row in rows]
        for (row, before), data in zip(pairs, await reading.all(pairs), strict=True):
            if isinstance(data, Rejection):
                plan.rejected.append((row, data))
            elif before is None:
                plan.new.append((row, reading.new(row, data, self._new_id)))
            else:
                verdict = judge_row(before, data, verified=before.state.id in seen.verified)
                plan.changed.append((row, before, verdict))
        return plan

    async def _carry_out(
        self,
        tx: AsyncConnection,
        caller: Caller,
        practice_id: UUID,
        plan: Plan,
        reading: Reading,
        now: datetime,
    ) -> None:
        await self._store.add_sealed(tx, practice_id, await reading.sealed(practice_id, plan), now)
        made, touched, moved = {record.id for _, record in plan.new}, set[UUID](), set[UUID]()
        for _, before, verdict in plan.changed:
            if await self._change(tx, before, verdict, now):
                touched.add(before.state.id)
            if verdict.data.contact != before.data.contact:
                moved |= {before.state.id, *await self._follow(tx, caller, before, verdict, plan, now)}
        await self._corrections.arrived(tx, [record.indexes for _, record in plan.new])
        emails = [reading.indexes(each).email for each in plan.contacts()]
        arrived = made | moved
        others = await settle(tx, practice_id, emails, arrived, now, made=made) if arrived else frozenset()
        told = [
            change(new_state(practice_id, record.id, record.data), now)
            for _, record in plan.new
            if record.id not in others
        ]
        told += await changes(tx, practice_id, touched | moved | others, now)
        acts = [
            Act(caller, practice_id, action, "patient", patient_id, now, why="import")
            for action, ids in (("patient.create", made), ("patient.update", touched))
            for patient_id in sorted(ids)
        ]
        await carry_out(tx, outbox.recording(tx, told), recording(acts))

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
