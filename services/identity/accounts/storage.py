"""Accounts in the database: found by their pair, their contact data sealed under a key of their own."""

import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
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
class ProvenContact:
    """What an account that has proven other contact data is found and logged in to by."""

    email_index: bytes
    pair_index: bytes
    password_hash: str
    contact: AccountContact


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

    async def set_language(self, tx: AsyncConnection, account_id: UUID, language: str) -> bool:
        """Write to the account in another language; the caller holds its lock. False where there is none."""
        contact = await self.contact(tx, account_id)
        if contact is None:
            return False
        sealer = await self._keys.sealer(account_id)
        changed = json.dumps(asdict(replace(contact, language=language))).encode()
        sealed = sealer.seal(changed, *_place(account_id))
        await tx.execute(update(account).where(_A.id == account_id).values(contact=sealed))
        return True

    async def replace_contact(self, tx: AsyncConnection, account_id: UUID, new: ProvenContact) -> bool:
        """Give the account other contact data; False, and nothing changed, where another account has both."""
        sealer = await self._keys.sealer(account_id)
        values = {
            "pair_index": new.pair_index,
            "email_index": new.email_index,
            "contact": sealer.seal(json.dumps(asdict(new.contact)).encode(), *_place(account_id)),
            "password_hash": new.password_hash,
        }
        try:
            async with tx.begin_nested():
                await tx.execute(update(account).where(_A.id == account_id).values(values))
        except IntegrityError:
            # Only the pair is unique.
            return False
        return True


async def set_password(
    tx: AsyncConnection, account_id: UUID | None, pair_index: bytes, password_hash: str
) -> None:
    """Give the account another password, unless its pair is another one by now."""
    this = (_A.id == account_id, _A.pair_index == pair_index)
    await tx.execute(update(account).where(*this).values(password_hash=password_hash))


async def delete_account(tx: AsyncConnection, account_id: UUID) -> None:
    """Forget the account itself; its key is another database's."""
    await tx.execute(delete(account).where(_A.id == account_id))


async def account_with_pair(tx: AsyncConnection, pair_index: bytes) -> UUID | None:
    """The account that has proven this pair."""
    return (await tx.execute(select(_A.id).where(_A.pair_index == pair_index))).scalar_one_or_none()


async def pair_of_account(tx: AsyncConnection, account_id: UUID) -> bytes | None:
    """The pair that the account has proven."""
    return (await tx.execute(select(_A.pair_index).where(_A.id == account_id))).scalar_one_or_none()


async def password_hash_of(tx: AsyncConnection, account_id: UUID) -> str | None:
    """The hash of the account's password."""
    return (await tx.execute(select(_A.password_hash).where(_A.id == account_id))).scalar_one_or_none()


def _place(account_id: UUID) -> tuple[str, UUID, str]:
    return "account", account_id, "contact"
