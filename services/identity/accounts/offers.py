"""How an existing account meets a new practice: offered after a fresh SMS code, bound with the birth date."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.database import Database
from services.identity.accounts.bindings import Bindings, candidates, practices_with_pair
from services.identity.accounts.domain import Candidate, judge, offered
from services.identity.accounts.overview import BoundPatient, bound_patients
from services.identity.accounts.storage import pair_of_account
from services.identity.auth_metrics import AuthAttempts
from services.identity.refusals import not_matched, offer_not_found, session_ended, sms_proof_too_old
from services.identity.sessions.storage import session_of_holder
from services.identity.tables.practices import practice


@dataclass(frozen=True, slots=True)
class Offer:
    """A practice that has a record with the account's pair."""

    practice_id: UUID
    practice_name: str


class Offers:
    """Offers and binds what else holds an account's pair."""

    def __init__(
        self,
        database: Database,
        bindings: Bindings,
        attempts: AuthAttempts,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._bindings = bindings
        self._attempts = attempts
        self._clock = clock

    async def offers(self, caller: Caller) -> list[Offer]:
        """What is open to the caller's account, by practice name. Refuses SMS_PROOF_TOO_OLD."""
        async with self._database.transaction() as tx:
            pair_index = await _proven_pair(tx, caller, self._clock())
            practices = await practices_with_pair(tx, pair_index)
            found = await candidates(tx, practices, pair_index, locked=False)
            open_to = {each.practice_id for each in offered(found)}
            named = select(practice.c.id, practice.c.name).where(practice.c.id.in_(open_to))
            return [Offer(*row) for row in await tx.execute(named.order_by(practice.c.name, practice.c.id))]

    async def accept(self, caller: Caller, practice_id: UUID, birth_date: date) -> BoundPatient:
        """Bind the caller's account to the record of the practice.

        Refuses SMS_PROOF_TOO_OLD, OFFER_NOT_FOUND, and NOT_MATCHED where the birth date is another.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            pair_index = await _proven_pair(tx, caller, now)
            found = await self._locked_offer(tx, practice_id, pair_index)
            judgement = judge(found, self._bindings.birth_dates(found, birth_date), caller.subject_id)
            await self._bindings.count_wrong(tx, judgement, now)
            await self._bindings.bind(tx, judgement, caller.subject_id, pair_index, now)
            bound = await bound_patients(tx, caller.subject_id, (practice_id,)) if judgement.to_bind else []
        self._attempts.judged("birth_date", bool(bound))
        if not bound:
            raise not_matched()
        return next(each for each in bound if each.patient_id == judgement.to_bind[0].patient_id)

    async def _locked_offer(
        self, tx: AsyncConnection, practice_id: UUID, pair_index: bytes
    ) -> list[Candidate]:
        if practice_id not in await practices_with_pair(tx, pair_index):
            raise offer_not_found()
        found = offered(await candidates(tx, (practice_id,), pair_index, locked=True))
        if not found:
            raise offer_not_found()
        return found


async def _proven_pair(tx: AsyncConnection, caller: Caller, now: datetime) -> bytes:
    """The account's pair, if its number was proven within the last ten minutes in the session that calls."""
    if caller.session_id is None:
        raise sms_proof_too_old()
    session = await session_of_holder(tx, caller.subject_id, caller.session_id, now)
    pair_index = await pair_of_account(tx, caller.subject_id)
    if session is None or pair_index is None:
        raise session_ended()
    if not session.has_fresh_sms_proof(now):
        raise sms_proof_too_old()
    return pair_index
