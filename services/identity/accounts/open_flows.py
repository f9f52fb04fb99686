"""Ends what is under way with an account: logins, resets and changes that rest on proofs of before."""

from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.tables.account_changes import contact_change, password_reset
from services.identity.tables.people import account, code, login, registration

_FLOWS: Final = (login, contact_change)


async def lock_account(tx: AsyncConnection, account_id: UUID | None) -> bytes | None:
    """The account's pair, None where there is no such account; nobody else changes or binds it meanwhile.

    Taken after the locks on pairs (`lock_pairs`) and before any code of the account is looked at.
    """
    query = select(account.c.pair_index).where(account.c.id == account_id).with_for_update()
    return (await tx.execute(query)).scalar_one_or_none()


async def end_open_flows(tx: AsyncConnection, account_id: UUID | None, pair_index: bytes) -> None:
    """Let die every open login, change and reset of the account, and all codes that were sent for its pair.

    A registration with the pair stays, but its codes die too: another one can be asked for.
    """
    flows = union(
        select(login.c.id).where(login.c.account_id == account_id),
        select(contact_change.c.id).where(contact_change.c.account_id == account_id),
        select(password_reset.c.id).where(password_reset.c.pair_index == pair_index),
        select(registration.c.id).where(registration.c.pair_index == pair_index),
    )
    await tx.execute(delete(code).where(code.c.flow_id.in_(flows)))
    for table in _FLOWS:
        await tx.execute(delete(table).where(table.c.account_id == account_id))
    await tx.execute(delete(password_reset).where(password_reset.c.pair_index == pair_index))
