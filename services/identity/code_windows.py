"""How many codes one address gets: 3 in 15 minutes and 10 a day, known or not."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import TIMESTAMP, LargeBinary, bindparam, delete, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.refusals import too_many_codes
from services.identity.tables.people import code_window

SHORT: Final = timedelta(minutes=15)
LONG: Final = timedelta(days=1)
IN_SHORT: Final = 3
IN_LONG: Final = 10

# One statement counts and notes the code; where the limit is reached it changes nothing and returns nothing.
_NOTE: Final = text("""
    INSERT INTO code_window AS w (address_hash, sent_at, last_sent_at)
    VALUES (:address_hash, ARRAY[:now], :now)
    ON CONFLICT (address_hash) DO UPDATE SET
        sent_at = array(SELECT t FROM unnest(w.sent_at) AS t WHERE t > :day_ago) || excluded.sent_at,
        last_sent_at = excluded.last_sent_at
    WHERE (SELECT count(*) FROM unnest(w.sent_at) AS t WHERE t > :lately) < :in_short
      AND (SELECT count(*) FROM unnest(w.sent_at) AS t WHERE t > :day_ago) < :in_long
    RETURNING 1
""").bindparams(
    bindparam("address_hash", type_=LargeBinary),
    *(bindparam(name, type_=TIMESTAMP(timezone=True)) for name in ("now", "lately", "day_ago")),
)


async def note_code(tx: AsyncConnection, address_hash: bytes, now: datetime) -> timedelta | None:
    """Count one more code to the address; where it had too many, count nothing and say how long to wait.

    `address_hash` is a keyed hash of whatever the limit is for.
    """
    span = {"now": now, "lately": now - SHORT, "day_ago": now - LONG}
    limits = {"in_short": IN_SHORT, "in_long": IN_LONG}
    if (await tx.execute(_NOTE, {"address_hash": address_hash, **span, **limits})).first() is not None:
        return None
    sent = select(code_window.c.sent_at).where(code_window.c.address_hash == address_hash)
    return wait(list((await tx.execute(sent)).scalar_one()), now)


async def count_code(tx: AsyncConnection, address_hash: bytes, now: datetime) -> None:
    """The same; refuses TOO_MANY_CODES."""
    retry_after = await note_code(tx, address_hash, now)
    if retry_after is not None:
        raise too_many_codes(retry_after)


def wait(sent: list[datetime], now: datetime) -> timedelta:
    """How long until one more code may go to an address that got these."""
    spans = ((SHORT, IN_SHORT), (LONG, IN_LONG))
    waits = [_wait_for_one(sorted(sent), now, span, limit) for span, limit in spans]
    return max(waits)


async def delete_old_windows(tx: AsyncConnection, now: datetime) -> int:
    """Forget addresses that got no code for a day; says how many."""
    old = code_window.c.last_sent_at <= now - LONG
    return (await tx.execute(delete(code_window).where(old))).rowcount


def _wait_for_one(sent: list[datetime], now: datetime, span: timedelta, limit: int) -> timedelta:
    counted = [moment for moment in sent if moment > now - span]
    return counted[-limit] + span - now if len(counted) >= limit else timedelta(0)
