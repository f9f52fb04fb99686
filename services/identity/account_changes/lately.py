"""Keeps a day between a new address and a new number, in which whoever had the account can have it stopped.

Both at once is for staff, who ask the person: or whoever stole session and password had the account for good.
"""

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.code_windows import note_code
from services.identity.codes import Purpose
from services.identity.refusals import contact_changed_lately
from services.identity.tables.people import code_window

# As long as housekeeping keeps what is noted here.
_APART: Final = timedelta(days=1)
_OTHER: Final[dict[Purpose, Purpose]] = {"change_email": "change_sms", "change_sms": "change_email"}


async def check_apart(tx: AsyncConnection, account_id: UUID, purpose: Purpose, now: datetime) -> None:
    """Refuses CONTACT_CHANGED_LATELY where the other of address and number changed within a day."""
    noted = select(code_window.c.last_sent_at).where(
        code_window.c.address_hash == _place(account_id, _OTHER[purpose])
    )
    changed_at = (await tx.execute(noted)).scalar_one_or_none()
    if changed_at is not None and now < changed_at + _APART:
        raise contact_changed_lately(changed_at + _APART - now)


async def note_change(tx: AsyncConnection, account_id: UUID, purpose: Purpose, now: datetime) -> None:
    """The address or the number has just changed; of many changes within minutes the first ones count."""
    await note_code(tx, _place(account_id, purpose), now)


def _place(account_id: UUID, purpose: Purpose) -> bytes:
    return sha256(b"contact changed\0" + purpose.encode() + account_id.bytes).digest()
