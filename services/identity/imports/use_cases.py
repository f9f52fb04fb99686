"""The use cases of ImportService: rows in small transactions, and what is to be decided of a difference."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.turns import one_ahead
from praxispost.identity.v1 import imports_pb2
from services.identity import refusals
from services.identity.callers import practice_of
from services.identity.imports.differences import Difference, open_difference, settle_difference
from services.identity.imports.domain import Outcome, Rejection
from services.identity.imports.rows import Row, numbered
from services.identity.imports.taking import Moved, Prepared, Taking
from services.identity.patients.search import SearchIndex
from services.identity.patients.states import load_state
from services.identity.patients.store import PatientStore
from services.identity.patients.translation import Surroundings
from services.identity.practices.store import get_practice

_TRIES: Final = 5
# Few enough that others of the practice never wait long for a pair.
_ROWS_AT_ONCE: Final = 250


class Imports:
    """Takes records over."""

    def __init__(
        self,
        database: Database,
        store: PatientStore,
        search: SearchIndex,
        taking: Taking,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._store = store
        self._search = search
        self._taking = taking
        self._clock = clock

    async def take(
        self, caller: Caller, parts: AsyncIterator[Sequence[imports_pb2.ImportRow]]
    ) -> list[Outcome | Rejection]:
        """What became of each row, part by part: while some are stored, the next ones are read and sealed.

        Refuses INVALID_FIELD where a part is not acceptable; those before it are taken.
        """
        practice_id, outcomes = practice_of(caller), dict[int, Outcome | Rejection]()
        async with aclosing(one_ahead(self._prepared(practice_id, parts, outcomes))) as all_prepared:
            async for prepared in all_prepared:
                outcomes |= await self._take_few(caller, practice_id, prepared)
        return [outcomes[place] for place in range(len(outcomes))]

    async def difference(self, caller: Caller, patient_id: UUID) -> Difference | None:
        """What an import said instead of the verified contact data; None where nothing is to be decided."""
        practice_id = practice_of(caller)
        async with self._database.transaction((practice_id,)) as tx:
            if await load_state(tx, practice_id, patient_id) is None:
                raise refusals.patient_not_found()
            await record_audit(
                tx,
                caller=caller,
                tenant_id=practice_id,
                action="import_difference.read",
                object_kind="patient",
                object_id=patient_id,
                now=self._clock(),
            )
            return await open_difference(tx, await self._store.sealer(practice_id, patient_id))

    async def keep_contact(self, caller: Caller, patient_id: UUID) -> bool:
        """The record's contact data stay; False where nothing was to be decided."""
        practice_id, now = practice_of(caller), self._clock()
        async with self._database.transaction((practice_id,)) as tx:
            if await load_state(tx, practice_id, patient_id) is None:
                raise refusals.patient_not_found()
            await record_audit(
                tx,
                caller=caller,
                tenant_id=practice_id,
                action="import_difference.keep_contact",
                object_kind="patient",
                object_id=patient_id,
                now=now,
            )
            return await settle_difference(tx, (practice_id, patient_id), None, now)

    async def _prepared(
        self,
        practice_id: UUID,
        parts: AsyncIterator[Sequence[imports_pb2.ImportRow]],
        outcomes: dict[int, Outcome | Rejection],
    ) -> AsyncGenerator[Prepared, None]:
        """Few rows at a time; those that have no number are in `outcomes` already."""
        first_place = 0
        async for part in parts:
            rows, rejected = numbered(part, first_place, practice_id, self._search)
            first_place += len(part)
            outcomes |= rejected
            for first in range(0, len(rows), _ROWS_AT_ONCE):
                yield await self._prepare(practice_id, rows[first : first + _ROWS_AT_ONCE])

    async def _prepare(self, practice_id: UUID, rows: Sequence[Row]) -> Prepared:
        async with self._database.transaction((practice_id,)) as tx:
            practice = await get_practice(tx, practice_id)
            if practice is None:
                raise refusals.practice_not_found()
            seen = await self._taking.look(tx, practice_id, rows)
        around = Surroundings(practice.settings.region, self._clock())
        return await self._taking.prepare(practice_id, rows, seen, around)

    async def _take_few(
        self, caller: Caller, practice_id: UUID, prepared: Prepared
    ) -> Mapping[int, Outcome | Rejection]:
        for count in range(_TRIES):
            if count:
                prepared = await self._prepare(practice_id, prepared.rows)
            try:
                async with self._database.transaction((practice_id,)) as tx:
                    return await self._taking.take(tx, caller, practice_id, prepared, self._clock())
            except Moved:
                continue
        raise refusals.patient_changed()
