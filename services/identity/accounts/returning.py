"""Gives back what a person read before staff changed the record, once its pair is the account's again."""

from collections.abc import Callable, Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from services.identity.accounts.bindings import Bindings, candidates, practices_with_pair
from services.identity.accounts.domain import SELF, Candidate, Judgement, SuspendedBinding, returning
from services.identity.accounts.open_flows import lock_account
from services.identity.accounts.storage import pair_of_account
from services.identity.tables.practices import binding

_B = binding.c


class Returning:
    """Carried out when a person has just proven the number or a new address: at login, at a change."""

    def __init__(self, database: Database, bindings: Bindings, *, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._bindings = bindings
        self._clock = clock

    async def restore(self, account_id: UUID) -> None:
        """Bind the account to the records that it was bound to and that have its pair.

        The birth date is not asked again unless the record says another one by now: then it is offered.
        """
        async with self._database.transaction() as tx:
            pair_index = await pair_of_account(tx, account_id)
            if pair_index is None or not await self._found(tx, account_id, pair_index, locked=False):
                return
            found = await self._found(tx, account_id, pair_index, locked=True)
            # Another pair by now: then the change of it looks again.
            if await lock_account(tx, account_id) == pair_index:
                judgement = Judgement(to_bind=found, bound_before=(), wrong=())
                await self._bindings.bind(tx, judgement, account_id, pair_index, self._clock())

    async def _found(
        self, tx: AsyncConnection, account_id: UUID, pair_index: bytes, *, locked: bool
    ) -> tuple[Candidate, ...]:
        practices = await practices_with_pair(tx, pair_index)
        found = await candidates(tx, practices, pair_index, locked=locked)
        return returning(found, await _suspended(tx, account_id, practices))


async def _suspended(
    tx: AsyncConnection, account_id: UUID, practices: Iterable[UUID]
) -> list[SuspendedBinding]:
    query = select(_B.patient_id, _B.birth_date_index).where(
        _B.practice_id.in_(list(practices)),
        _B.account_id == account_id,
        _B.kind == SELF,
        _B.state == "suspended",
    )
    return [SuspendedBinding(*row) for row in await tx.execute(query)]
