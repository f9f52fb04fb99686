"""Staff logins per address: counted before the password is looked at, so simultaneous guesses all count."""

from datetime import datetime, timedelta

from sqlalchemy import case, delete, func, literal, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.sessions.domain import FAILURES_KEPT, FREE_FAILURES, wait_after
from services.identity.tables.people import login_attempt

_A = login_attempt.c
# From here on the wait grows no more.
_MOST_COUNTED = FREE_FAILURES + 10


async def begin_attempt(tx: AsyncConnection, address_hash: bytes, now: datetime) -> timedelta | None:
    """Count one more attempt as failed; where the address must wait, count nothing and say how long.

    `address_hash` is a keyed hash of the address. The caller commits before the password is looked at.
    """
    first = {"failures": 1, "last_at": now, "blocked_until": now + wait_after(1)}
    statement = insert(login_attempt).values(address_hash=address_hash, **first)
    failures = case((_A.last_at <= now - FAILURES_KEPT, 1), else_=func.least(_A.failures + 1, _MOST_COUNTED))
    waits = case(
        {count: literal(wait_after(count)) for count in range(1, _MOST_COUNTED)},
        value=failures,
        else_=literal(wait_after(_MOST_COUNTED)),
    )
    counted = statement.on_conflict_do_update(
        index_elements=["address_hash"],
        set_={"failures": failures, "last_at": now, "blocked_until": literal(now) + waits},
        where=_A.blocked_until <= now,
    ).returning(_A.failures)
    if (await tx.execute(counted)).first() is not None:
        return None
    blocked_until = select(_A.blocked_until).where(_A.address_hash == address_hash)
    waits_until: datetime = (await tx.execute(blocked_until)).scalar_one()
    return waits_until - now


async def forget_attempts(tx: AsyncConnection, address_hash: bytes) -> None:
    """The owner got in: nobody has to wait any more."""
    await tx.execute(delete(login_attempt).where(_A.address_hash == address_hash))


async def delete_old_attempts(tx: AsyncConnection, now: datetime) -> int:
    """Forget addresses that nobody tried for a day; says how many."""
    return (await tx.execute(delete(login_attempt).where(_A.last_at <= now - FAILURES_KEPT))).rowcount
