"""How patients' records are read; each reading is audited in its transaction, with how many were shown."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit, record_audits
from chassis.caller import Caller
from chassis.database import Database
from chassis.paging import Position, split_page
from services.identity import refusals
from services.identity.callers import practice_of
from services.identity.patients.domain import Patient, PatientState, missing_contact
from services.identity.patients.search import SearchIndex, SearchQuery
from services.identity.patients.states import load_state
from services.identity.patients.store import PatientStore
from services.identity.practices.domain import Practice, PracticeSettings
from services.identity.practices.store import get_practice, get_practices

# The records of a page, and the last of them where more follow.
Page: TypeAlias = tuple[Sequence[Patient], Patient | None]


@dataclass(frozen=True, slots=True)
class PromptContact:
    """Where a prompt goes, and what is shown on it."""

    email: str
    contact_version: int
    language: str
    practice: PracticeSettings


class PatientReading:
    """The use cases that read records."""

    def __init__(
        self, database: Database, store: PatientStore, search: SearchIndex, clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._store = store
        self._search = search
        self._clock = clock

    async def get(self, caller: Caller, patient_id: UUID) -> Patient:
        """Return one record."""
        practice_id = practice_of(caller)
        async with self._database.transaction((practice_id,)) as tx:
            found = await self._store.get(tx, practice_id, patient_id)
            if found is None:
                raise refusals.patient_not_found()
            await self._audit_patient(tx, caller, "patient.read", practice_id, patient_id)
            return found

    async def batch(self, caller: Caller, patient_ids: Sequence[UUID]) -> list[Patient]:
        """Return the records that exist, in the order asked."""
        practice_id = practice_of(caller)
        async with self._database.transaction((practice_id,)) as tx:
            found = await self._store.batch(tx, practice_id, patient_ids)
            await self._audit_practice(tx, caller, "patient.read_several", practice_id, len(found))
        return [found[each] for each in patient_ids if each in found]

    async def page(self, caller: Caller, after: Position | None, size: int) -> Page:
        """Return so many records of the practice, oldest first."""
        practice_id = practice_of(caller)
        async with self._database.transaction((practice_id,)) as tx:
            found = await self._store.page(tx, practice_id, (), after=after, most=size + 1)
            return await self._shown(tx, caller, "patient.list", practice_id, split_page(found, size))

    async def search(self, caller: Caller, query: SearchQuery, after: Position | None, size: int) -> Page:
        """Return so many of the records that were looked for, oldest first."""
        practice_id = practice_of(caller)
        conditions = self._search.conditions(practice_id, query)
        async with self._database.transaction((practice_id,)) as tx:
            found = await self._store.page(tx, practice_id, conditions, after=after, most=size + 1)
            return await self._shown(tx, caller, "patient.search", practice_id, split_page(found, size))

    async def state(self, practice_id: UUID, patient_id: UUID) -> PatientState:
        """Return the record's flags."""
        async with self._database.transaction((practice_id,)) as tx:
            found = await load_state(tx, practice_id, patient_id)
        if found is None:
            raise refusals.patient_not_found()
        return found

    async def prompt_contact(self, caller: Caller, practice_id: UUID, patient_id: UUID) -> PromptContact:
        """Return where a prompt goes; refuses CONTACT_MISSING: who lacks either could not get in."""
        async with self._database.transaction((practice_id,)) as tx:
            practice = await get_practice(tx, practice_id)
            found = await self._store.get(tx, practice_id, patient_id)
            if practice is None or found is None or found.state.archived:
                raise refusals.patient_not_found()
            if not _is_reachable(found):
                raise refusals.contact_missing(missing_contact(found.data))
            await self._audit_patient(tx, caller, "patient.resolve_contact", practice_id, patient_id)
        return _contact(found, practice)

    async def prompt_contacts(
        self, caller: Caller, records: Collection[tuple[UUID, UUID]]
    ) -> dict[tuple[UUID, UUID], PromptContact]:
        """The same for records of any practices; those that `prompt_contact` refuses are missing."""
        practice_ids = {practice_id for practice_id, _ in records}
        async with self._database.transaction(practice_ids) as tx:
            practices = await get_practices(tx, practice_ids)
            found = [each for each in await self._store.of_practices(tx, records) if _is_reachable(each)]
            contacts = {
                (each.state.practice_id, each.state.id): _contact(each, practices[each.state.practice_id])
                for each in found
            }
            for practice_id in practices:
                shown = [patient_id for of, patient_id in contacts if of == practice_id]
                await record_audits(
                    tx,
                    caller=caller,
                    tenant_id=practice_id,
                    action="patient.resolve_contact",
                    object_kind="patient",
                    object_ids=shown,
                    now=self._clock(),
                )
        return contacts

    async def _audit_patient(
        self, tx: AsyncConnection, caller: Caller, action: str, practice_id: UUID, patient_id: UUID
    ) -> None:
        await self._audit(tx, caller, action, practice_id, "patient", patient_id)

    async def _shown(
        self, tx: AsyncConnection, caller: Caller, action: str, practice_id: UUID, page: Page
    ) -> Page:
        await self._audit_practice(tx, caller, action, practice_id, len(page[0]))
        return page

    async def _audit_practice(
        self, tx: AsyncConnection, caller: Caller, action: str, practice_id: UUID, shown: int
    ) -> None:
        await self._audit(tx, caller, action, practice_id, "practice", practice_id, why=f"shown:{shown}")

    async def _audit(
        self,
        tx: AsyncConnection,
        caller: Caller,
        action: str,
        practice_id: UUID,
        kind: str,
        object_id: UUID,
        *,
        why: str = "",
    ) -> None:
        await record_audit(
            tx,
            caller=caller,
            tenant_id=practice_id,
            action=action,
            object_kind=kind,
            object_id=object_id,
            now=self._clock(),
            why=why,
        )


def _is_reachable(patient: Patient) -> bool:
    """Who lacks either could not get in."""
    return not patient.state.archived and patient.state.has_email and patient.state.has_mobile


def _contact(patient: Patient, practice: Practice) -> PromptContact:
    return PromptContact(
        email=patient.data.email or "",
        contact_version=patient.state.contact_version,
        language=patient.data.language or practice.settings.language,
        practice=practice.settings,
    )
