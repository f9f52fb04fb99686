"""Password resets in the database, by the hash of their secret; without account where nobody has the pair."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.tables.account_changes import password_reset

_R: Final = password_reset.c
_COLUMNS: Final = (
    _R.id,
    _R.pair_index,
    _R.password_hash,
    _R.account_id,
    _R.email_proven_at,
    _R.expires_at,
)


@dataclass(frozen=True, slots=True, repr=False)
class PasswordReset:
    """A reset that is not completed; `account_id` is None where nobody has the pair that was typed."""

    id: UUID
    pair_index: bytes
    password_hash: str
    account_id: UUID | None
    email_proven_at: datetime | None
    expires_at: datetime


async def add_reset(tx: AsyncConnection, new: PasswordReset, secret_hash: bytes) -> None:
    """Keep a new reset."""
    row = {
        "id": new.id,
        "secret_hash": secret_hash,
        "pair_index": new.pair_index,
        "password_hash": new.password_hash,
        "account_id": new.account_id,
        "expires_at": new.expires_at,
    }
    await tx.execute(insert(password_reset).values(row))


async def find_reset(tx: AsyncConnection, secret_hash: bytes, now: datetime) -> PasswordReset | None:
    """The reset of the secret unless it has expired."""
    query = select(*_COLUMNS).where(_R.secret_hash == secret_hash, _R.expires_at > now)
    return _reset((await tx.execute(query)).first())


async def note_email_proof(tx: AsyncConnection, reset_id: UUID, now: datetime) -> None:
    """The address is proven."""
    await tx.execute(update(password_reset).where(_R.id == reset_id).values(email_proven_at=now))


async def delete_resets(tx: AsyncConnection, pair_index: bytes) -> None:
    """Forget all resets that began with this pair, whoever began them."""
    await tx.execute(delete(password_reset).where(_R.pair_index == pair_index))


async def delete_expired_resets(tx: AsyncConnection, now: datetime) -> int:
    """Remove resets that have expired; says how many."""
    return (await tx.execute(delete(password_reset).where(_R.expires_at <= now))).rowcount


def _reset(row: Sequence[Any] | None) -> PasswordReset | None:
    return None if row is None else PasswordReset(*row)
