"""Asks the worker to look at registrations again, in the transaction that gave a reason to."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.arrays import is_one_of
from chassis.database import wake_after_commit
from services.identity.tables.access import look
from services.identity.tables.people import registration

LOOK_CHANNEL: Final = "identity_look"

_R: Final = registration.c


async def look_again(
    tx: AsyncConnection, pairs: Iterable[bytes | None], emails: Iterable[bytes | None] = ()
) -> None:
    """After what separated a person from a record may have gone: look at who proved these pairs or addresses.

    Given as keyed indexes; None is nobody's. Locks nothing, so it is safe whatever is locked; a registration
    that begins later is looked at by itself.
    """
    rows: list[dict[str, bytes]] = []
    for column, indexes in ((_R.pair_index, pairs), (_R.email_index, emails)):
        wanted = {index for index in indexes if index is not None}
        if wanted:
            found = await tx.execute(select(column).where(is_one_of(column, wanted)).distinct())
            rows += [{column.name: index} for index in found.scalars()]
    for row in rows:
        await tx.execute(insert(look).values(row))
    if rows:
        wake_after_commit(tx, LOOK_CHANNEL)
