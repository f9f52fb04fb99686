"""Accounts in the database: found by their pair, their contact data sealed under a key of their own."""

import json
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.keys import Keys
from services.identity.tables.people import account

_A = account.c


@dataclass(frozen=True, slots=True)
class AccountContact:
    """The verified address and number of an account, and the language its notices are written in."""

    email: str
    mobile: str
    language: str


@dataclass(frozen=True, slots=True)
class NewAccount:
    """What an account begins with."""

    id: UUID
    email_index: bytes
    pair_index: bytes
    password_hash: str
    contact: AccountContact


class Accounts:
    """Stores and finds accounts."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    async def add(self, tx: AsyncConnection, new: NewAccount, now: datetime) -> None:
        """Keep a new account; no other has its pair."""
        sealer = await self._keys.sealer(new.id)
        row = {
            "id": new.id,
            "pair_index": new.pair_index,
            "email_index": new.email_index,
            "contact": sealer.seal(json.dumps(asdict(new.contact)).encode(), *_place(new.id)),
            "password_hash": new.password_hash,
            "created_at": now,
        }
        await tx.execute(insert(account).values(row))

    async def contact(self, tx: AsyncConnection, account_id: UUID) -> AccountContact | None:
        """The account's contact data, None where there is no such account."""
        sealed = (await tx.execute(select(_A.contact).where(_A.id == account_id))).scalar_one_or_none()
        if sealed is None:
            return None
        sealer = await self._keys.sealer(account_id)
        return AccountContact(**json.loads(sealer.open(sealed, *_place(account_id))))


async def account_with_pair(tx: AsyncConnection, pair_index: bytes) -> UUID | None:
    """The account that has proven this pair."""
    return (await tx.execute(select(_A.id).where(_A.pair_index == pair_index))).scalar_one_or_none()


async def pair_of_account(tx: AsyncConnection, account_id: UUID) -> bytes | None:
    """The pair that the account has proven."""
    return (await tx.execute(select(_A.pair_index).where(_A.id == account_id))).scalar_one_or_none()


def _place(account_id: UUID) -> tuple[str, UUID, str]:
    return "account", account_id, "contact"
