"""The last step of a registration: account, bindings and session in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from services.identity.accounts.bindings import Bindings, candidates, count_bindings, practices_with_pair
from services.identity.accounts.domain import Judgement, judge
from services.identity.accounts.storage import account_with_pair
from services.identity.auth_metrics import AuthAttempts
from services.identity.codes import forget_codes
from services.identity.opaque_secrets import secret_hash
from services.identity.refusals import not_matched, registration_not_found, step_not_due
from services.identity.registration.domain import Registration
from services.identity.registration.new_accounts import NewAccounts
from services.identity.registration.storage import Registrations, delete_registration, find_registration
from services.identity.sessions.beginnings import begin_session


@dataclass(frozen=True, slots=True)
class CompletedRegistration:
    """Who is logged in now, and to how many patients the account is bound."""

    account_id: UUID
    session: str
    bound: int


class Completion:
    """Makes the account of a proven pair, or finds it, and binds it to the records that match."""

    def __init__(
        self,
        database: Database,
        registrations: Registrations,
        new_accounts: NewAccounts,
        bindings: Bindings,
        attempts: AuthAttempts,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._database = database
        self._registrations = registrations
        self._new_accounts = new_accounts
        self._bindings = bindings
        self._attempts = attempts
        self._clock = clock
        self._new_id = new_id

    async def complete(self, secret: str, birth_date: date) -> CompletedRegistration:
        """Bind and log in. Refuses REGISTRATION_NOT_FOUND, STEP_NOT_DUE, and NOT_MATCHED.

        Where nothing matches the registration stays, with its proofs and the birth date: the worker tells
        the practice, and once that has corrected its record it binds, or this can be called again.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            registration = await find_registration(tx, secret_hash(secret), now, locked=True)
            if registration is None:
                raise registration_not_found()
            if registration.state != "proven":
                raise step_not_due()
            completed = await self._match(tx, registration, birth_date, now)
        self._attempts.judged("birth_date", completed is not None)
        if completed is None:
            raise not_matched()
        return completed

    async def _match(
        self, tx: AsyncConnection, registration: Registration, birth_date: date, now: datetime
    ) -> CompletedRegistration | None:
        pair_index = registration.pair_index
        practices = await practices_with_pair(tx, pair_index)
        found = await candidates(tx, practices, pair_index, locked=True)
        # Only now, behind the lock on the pair, is it certain that nobody else makes its account.
        account_id = await account_with_pair(tx, pair_index)
        judgement = judge(found, self._bindings.birth_dates(found, birth_date), account_id)
        await self._bindings.count_wrong(tx, judgement, now)
        if not judgement.matched:
            await self._registrations.note_birth_date(tx, registration, birth_date)
            return None
        if account_id is None:
            account_id = await self._new_accounts.add(tx, registration, now)
        return await self._admit(tx, registration, judgement, account_id, now)

    async def _admit(
        self,
        tx: AsyncConnection,
        registration: Registration,
        judgement: Judgement,
        account_id: UUID,
        now: datetime,
    ) -> CompletedRegistration:
        await self._bindings.bind(tx, judgement, account_id, registration.pair_index, now)
        await forget_codes(tx, (registration.id,))
        await delete_registration(tx, registration.id)
        session = await begin_session(
            tx,
            "account",
            account_id,
            now,
            new_id=self._new_id,
            mobile_proven_at=registration.mobile_proven_at,
        )
        return CompletedRegistration(account_id, session, await count_bindings(tx, account_id))
