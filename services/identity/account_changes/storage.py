"""Changes of contact data that wait for their code: one for each account, sealed under its key."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.keys import Keys
from services.identity.accounts.storage import AccountContact, ProvenContact
from services.identity.tables.account_changes import contact_change

_C: Final = contact_change.c


@dataclass(frozen=True, slots=True)
class ContactChange:
    """What the account is to have once the code was typed."""

    id: UUID
    account_id: UUID
    proven: ProvenContact


class ContactChanges:
    """Stores and finds changes."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def put(self, tx: AsyncConnection, change: ContactChange, expires_at: datetime) -> None:
        """Keep a change, in place of one before."""
        sealer = await self._keys.sealer(change.account_id)
        proven = change.proven
        fresh = {
            "id": change.id,
            "contact": sealer.seal(json.dumps(asdict(proven.contact)).encode(), *_place(change.id)),
            "email_index": proven.email_index,
            "pair_index": proven.pair_index,
            "password_hash": proven.password_hash,
            "expires_at": expires_at,
        }
        statement = insert(contact_change).values(account_id=change.account_id, **fresh)
        await tx.execute(statement.on_conflict_do_update(index_elements=["account_id"], set_=fresh))

    async def find(self, tx: AsyncConnection, account_id: UUID, now: datetime) -> ContactChange | None:
        """The account's open change."""
        query = select(contact_change).where(_C.account_id == account_id, _C.expires_at > now)
        row = (await tx.execute(query)).first()
        if row is None:
            return None
        sealer = await self._keys.sealer(account_id)
        contact = AccountContact(**json.loads(sealer.open(row.contact, *_place(row.id))))
        proven = ProvenContact(row.email_index, row.pair_index, row.password_hash, contact)
        return ContactChange(row.id, account_id, proven)


async def delete_expired_changes(tx: AsyncConnection, now: datetime) -> int:
    """Remove changes that have expired; says how many."""
    return (await tx.execute(delete(contact_change).where(_C.expires_at <= now))).rowcount


def _place(change_id: UUID) -> tuple[str, UUID, str]:
    return "contact_change", change_id, "contact"
