"""Looks at registrations that stopped: binds where nothing separates them any more, or tells the practice.

Done by the worker, so that answers, statements and time of registering never depend on who is known.
"""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from services.identity.accounts.bindings import Bindings, candidates, practices_with_pair
from services.identity.accounts.domain import judge
from services.identity.accounts.storage import account_with_pair
from services.identity.admission.domain import Obstacle, Place, meant, obstacles
from services.identity.admission.problems import addressees, replace_problems
from services.identity.language import GERMAN
from services.identity.notices import Notice, NoticeQueue, Recipient
from services.identity.registration.domain import Registration
from services.identity.registration.new_accounts import NewAccounts
from services.identity.registration.storage import (
    Registrations,
    next_to_look_at,
    note_looked,
    pair_is_known,
)
from services.identity.tables.access import look
from services.identity.tables.people import registration as registration_table

# How long it is tried to tell a person that access was granted.
_TELL_FOR: Final = timedelta(days=3)
_L: Final = look.c
_R: Final = registration_table.c


class Looks:
    """One look at a time, each in its own transaction; a crash in between only repeats it."""

    def __init__(
        self,
        database: Database,
        registrations: Registrations,
        new_accounts: NewAccounts,
        bindings: Bindings,
        notices: NoticeQueue,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._registrations = registrations
        self._new_accounts = new_accounts
        self._bindings = bindings
        self._notices = notices
        self._clock = clock

    async def look_next(self) -> bool:
        """Do what was asked for first; False where nothing is due."""
        return await self._spread() or await self._look_at_one()

    async def _spread(self) -> bool:
        """Turn one request into marks on the registrations it concerns."""
        async with self._database.transaction() as tx:
            request = select(_L.id, _L.pair_index, _L.email_index).limit(1).with_for_update(skip_locked=True)
            asked = (await tx.execute(request)).first()
            if asked is None:
                return False
            concerned = or_(_R.pair_index == asked.pair_index, _R.email_index == asked.email_index)
            proven = _R.state != "email_code"
            await tx.execute(update(registration_table).where(concerned, proven).values(look_due=True))
            await tx.execute(delete(look).where(_L.id == asked.id))
        return True

    async def _look_at_one(self) -> bool:
        now = self._clock()
        async with self._database.transaction() as tx:
            registration = await next_to_look_at(tx, now)
            if registration is None:
                return False
            found, free = await self._judged(tx, registration, now)
            await replace_problems(tx, registration.id, found, free=free, now=now)
            await note_looked(tx, registration.id)
        return True

    async def _judged(
        self, tx: AsyncConnection, registration: Registration, now: datetime
    ) -> tuple[dict[Place, Obstacle], frozenset[Place]]:
        """What is in the way of which records, and which records nothing separates from the person."""
        if registration.state != "proven" and not await pair_is_known(tx, registration.pair_index):
            return await _unreached(tx, registration), frozenset()
        born = await self._registrations.birth_date(tx, registration.id)
        if registration.state == "proven" and born is not None:
            return await self._match(tx, registration, born, now), frozenset()
        practices = await practices_with_pair(tx, registration.pair_index)
        held = await candidates(tx, practices, registration.pair_index, locked=False)
        return {}, frozenset((each.practice_id, each.patient_id) for each in held)

    async def _match(
        self, tx: AsyncConnection, registration: Registration, born: date, now: datetime
    ) -> dict[Place, Obstacle]:
        """Bind as completing would, but count no try; the person is told.

        The registration stays, to log in by.
        """
        pair_index = registration.pair_index
        practices = await practices_with_pair(tx, pair_index)
        found = await candidates(tx, practices, pair_index, locked=True)
        if not found:
            return await _unreached(tx, registration)
        account_id = await account_with_pair(tx, pair_index)
        judgement = judge(found, self._bindings.birth_dates(found, born), account_id)
        if not judgement.matched:
            return obstacles(found, judgement)
        if account_id is None:
            account_id = await self._new_accounts.add(tx, registration, now)
        await self._bindings.bind(tx, judgement, account_id, pair_index, now)
        if judgement.to_bind:
            await self._tell(tx, account_id, now)
        return {}

    async def _tell(self, tx: AsyncConnection, account_id: UUID, now: datetime) -> None:
        """The person gave up days ago, and learns otherwise from nobody that it is worth logging in."""
        to = Recipient.account_email(account_id)
        await self._notices.enqueue(tx, Notice(to, "access_granted", "", now + _TELL_FOR, GERMAN), now)


async def _unreached(tx: AsyncConnection, registration: Registration) -> dict[Place, Obstacle]:
    """No record has the number: those that were meant by the address."""
    return dict.fromkeys(meant(await addressees(tx, registration.email_index)), "mobile")
