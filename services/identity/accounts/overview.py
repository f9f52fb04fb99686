"""What an account's person sees of the account: contact data and the patients it is bound to."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.database import Database, limit_to_tenants
from services.identity.accounts.domain import REPRESENTATIVE
from services.identity.accounts.storage import AccountContact, Accounts
from services.identity.patients.domain import Patient
from services.identity.patients.store import PatientStore
from services.identity.readers.representations import Representations, Represented
from services.identity.refusals import session_ended
from services.identity.sessions.storage import session_of_holder
from services.identity.tables.practices import binding, practice


@dataclass(frozen=True, slots=True)
class BoundPatient:
    """A patient that the account is bound to."""

    practice_id: UUID
    practice_name: str
    practice_phone: str
    practice_absence_notice: str
    practice_imprint_url: str
    practice_privacy_url: str
    patient_id: UUID
    kind: str
    bound_at: datetime
    given_name: str = ""
    family_name: str = ""
    objected: bool = False


@dataclass(frozen=True, slots=True)
class AccountOverview:
    """The account."""

    id: UUID
    contact: AccountContact
    bindings: list[BoundPatient]
    sms_proof_ends_at: datetime | None


class Overview:
    """Shows an account to its person."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        records: PatientStore,
        representations: Representations,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._records = records
        self._representations = representations
        self._clock = clock

    async def get(self, caller: Caller) -> AccountOverview:
        """The caller's account."""
        async with self._database.transaction() as tx:
            contact = await self._accounts.contact(tx, caller.subject_id)
            if contact is None:
                raise session_ended()
            represented = await self._representations.of_account(tx, caller.subject_id, self._clock().date())
            practices = {*caller.tenants, *(each.practice_id for each in represented)}
            bound = await bound_patients(tx, caller.subject_id, practices)
            named = await self._named(tx, bound + _with_practices(represented, bound))
            proof_ends_at = await self._sms_proof_end(tx, caller)
        return AccountOverview(caller.subject_id, contact, named, proof_ends_at)

    async def _sms_proof_end(self, tx: AsyncConnection, caller: Caller) -> datetime | None:
        if caller.session_id is None:
            return None
        now = self._clock()
        session = await session_of_holder(tx, caller.subject_id, caller.session_id, now)
        return None if session is None else session.sms_proof_end(now)

    async def _named(self, tx: AsyncConnection, bound: list[BoundPatient]) -> list[BoundPatient]:
        """The same with what the practices' records say, one query for each practice."""
        found: dict[UUID, Patient] = {}
        for practice_id in {each.practice_id for each in bound}:
            ids = [each.patient_id for each in bound if each.practice_id == practice_id]
            found |= await self._records.batch(tx, practice_id, ids)
        return [_with_record(each, found.get(each.patient_id)) for each in bound]


def _with_record(bound: BoundPatient, record: Patient | None) -> BoundPatient:
    if record is None:
        return bound
    return replace(
        bound,
        given_name=record.data.given_name,
        family_name=record.data.family_name,
        objected=record.state.objected,
    )


def _with_practices(represented: Iterable[Represented], bound: Iterable[BoundPatient]) -> list[BoundPatient]:
    """Whom the person represents, who have a binding of their own in each of these practices."""
    own = {(each.practice_id, each.patient_id) for each in bound}
    practices = {each.practice_id: each for each in bound}
    return [
        replace(
            practices[each.practice_id],
            patient_id=each.patient_id,
            kind=REPRESENTATIVE,
            bound_at=each.since,
        )
        for each in represented
        if (each.practice_id, each.patient_id) not in own
    ]


async def bound_patients(
    tx: AsyncConnection, account_id: UUID, practices: Iterable[UUID]
) -> list[BoundPatient]:
    """The account's active bindings in these practices, oldest first; limits the transaction to them."""
    await limit_to_tenants(tx, practices)
    query = (
        select(
            practice.c.id,
            practice.c.name,
            practice.c.phone,
            practice.c.absence_notice,
            practice.c.imprint_url,
            practice.c.privacy_url,
            binding.c.patient_id,
            binding.c.kind,
            binding.c.bound_at,
        )
        .join(practice, practice.c.id == binding.c.practice_id)
        .where(binding.c.account_id == account_id, binding.c.state == "active")
        .order_by(binding.c.bound_at, binding.c.id)
    )
    return [BoundPatient(*row) for row in await tx.execute(query)]
