"""Holds an account still, with the pairs of all practices that it is bound in, while it is changed."""

from collections.abc import Collection, Iterable
from typing import Final
from uuid import UUID

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import limit_to_tenants
from services.identity.accounts.open_flows import lock_account
from services.identity.patients.pairs import lock_pairs

_PRACTICES: Final = text("SELECT practice_id FROM practices_of_account(:account_id)").bindparams(
    bindparam("account_id", type_=Uuid)
)


async def hold_account(
    tx: AsyncConnection, account_id: UUID, pair_index: bytes, others: Iterable[bytes] = ()
) -> Collection[UUID] | None:
    """Lock the account's pair and the other indexes in its practices, then the account; return the practices.

    None where the account got another pair, a new binding, or its end until the locks were ours: try again.
    The transaction is limited to the practices. In this order: who binds locks a pair, then the account.
    """
    practices = await _practices(tx, account_id)
    await limit_to_tenants(tx, practices)
    for practice_id in practices:
        await lock_pairs(tx, practice_id, (pair_index, *others))
    unchanged = await lock_account(tx, account_id) == pair_index
    return practices if unchanged and set(await _practices(tx, account_id)) <= set(practices) else None


async def _practices(tx: AsyncConnection, account_id: UUID) -> tuple[UUID, ...]:
    """In the order in which they are to be locked."""
    return tuple((await tx.execute(_PRACTICES, {"account_id": account_id})).scalars())
