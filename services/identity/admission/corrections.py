"""What follows from changed contact data or birth dates: codes die, the worker looks at who is waiting."""

from collections.abc import Collection
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, union, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.admission.asking import look_again
from services.identity.contact import ContactIndex
from services.identity.imports.differences import settle_difference
from services.identity.patients.domain import ContactIndexes, PatientData
from services.identity.tables.account_changes import contact_change, password_reset
from services.identity.tables.people import account, code, login, registration
from services.identity.tables.practices import patient
from services.identity.tasks import TaskKind, close_task

_ABOUT_THE_ADDRESS: Final[tuple[TaskKind, ...]] = ("address_suspect", "not_for_me")


class Corrections:
    """Carries on from a change of a record, in its transaction, before the others are told of it."""

    def __init__(self, contact: ContactIndex) -> None:
        self._contact = contact

    async def made(
        self,
        tx: AsyncConnection,
        place: tuple[UUID, UUID],
        before: PatientData,
        after: PatientData,
        now: datetime,
    ) -> None:
        """The record at (practice, patient) was stored anew and says this now."""
        old_pair, new_pair = self._pair(before), self._pair(after)
        if before.email != after.email:
            await trust_address(tx, place, now)
        if before.contact != after.contact:
            await settle_difference(tx, place, self._contact.said(*after.contact), now)
        if old_pair is not None and old_pair != new_pair:
            await kill_codes(tx, old_pair)
        if (before.contact, before.birth_date) != (after.contact, after.birth_date):
            await look_again(tx, (old_pair, new_pair), (self._email(before), self._email(after)))

    async def arrived(self, tx: AsyncConnection, contacts: Collection[ContactIndexes]) -> None:
        """New records have these contact data."""
        await look_again(tx, [each.pair for each in contacts], [each.email for each in contacts])

    def _pair(self, data: PatientData) -> bytes | None:
        if data.email is None or data.mobile is None:
            return None
        return self._contact.pair(data.email, data.mobile)

    def _email(self, data: PatientData) -> bytes | None:
        return self._contact.email(data.email) if data.email else None


async def trust_address(tx: AsyncConnection, place: tuple[UUID, UUID], now: datetime) -> bool:
    """Prompts may go to the record's address again; False where nothing spoke against it.

    The caller raises the record's version and tells of it.
    """
    practice_id, patient_id = place
    cleared = await tx.execute(
        update(patient)
        .where(
            patient.c.practice_id == practice_id,
            patient.c.id == patient_id,
            patient.c.address_suspect.is_not(None),
        )
        .values(address_suspect=None)
    )
    for kind in _ABOUT_THE_ADDRESS:
        await close_task(tx, practice_id, patient_id, kind, now)
    return cleared.rowcount > 0


async def kill_codes(tx: AsyncConnection, pair_index: bytes) -> None:
    """Let every open code die that was sent to prove this pair, or to who has an account with it."""
    of_account = account.c.pair_index == pair_index
    logins = select(login.c.id).join(account, account.c.id == login.c.account_id)
    changes = select(contact_change.c.id).join(account, account.c.id == contact_change.c.account_id)
    flows = union(
        select(registration.c.id).where(registration.c.pair_index == pair_index),
        select(password_reset.c.id).where(password_reset.c.pair_index == pair_index),
        logins.where(of_account),
        changes.where(of_account),
    )
    await tx.execute(delete(code).where(code.c.flow_id.in_(flows)))
