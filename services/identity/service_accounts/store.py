"""Service accounts' rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Row, Uuid, bindparam, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.paging import Position
from services.identity.service_accounts.domain import ServiceAccount
from services.identity.tables.practices import service_account

_A = service_account.c
_SECRET: Final = text("SELECT * FROM service_account_secret(:id)").bindparams(bindparam("id", type_=Uuid))


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is needed to judge a secret and to say who it belongs to."""

    practice_id: UUID | None
    role: str
    secret_hash: bytes
    disabled_at: datetime | None


async def add_account(tx: AsyncConnection, account: ServiceAccount, secret_hash: bytes) -> None:
    """Store a new account."""
    await tx.execute(insert(service_account).values(_row(account, secret_hash)))


async def put_account(tx: AsyncConnection, account: ServiceAccount, secret_hash: bytes) -> None:
    """Store an account whether it is there or not; one that was disabled is enabled."""
    row = insert(service_account).values(_row(account, secret_hash))
    fresh = {"label": account.label, "role": account.role, "secret_hash": secret_hash, "disabled_at": None}
    await tx.execute(row.on_conflict_do_update(index_elements=["id"], set_=fresh))


async def page_of_accounts(
    tx: AsyncConnection, scope_id: UUID, after: Position | None, most: int
) -> list[ServiceAccount]:
    """Return at most so many accounts of a practice or the platform, oldest first."""
    query = select(service_account).where(_A.scope_id == scope_id)
    if after is not None:
        query = query.where(tuple_(_A.created_at, _A.id) > (after.at, after.id))
    return [_account(row) for row in await tx.execute(query.order_by(_A.created_at, _A.id).limit(most))]


async def disable_account(tx: AsyncConnection, scope_id: UUID, account_id: UUID, now: datetime) -> bool:
    """Disable the account; False where there is none. One that was disabled before stays so."""
    row = update(service_account).where(_A.scope_id == scope_id, _A.id == account_id)
    return (await tx.execute(row.values(disabled_at=func.coalesce(_A.disabled_at, now)))).rowcount == 1


async def credentials(tx: AsyncConnection, account_id: UUID) -> Credentials | None:
    """Return what judges the secret of any account; the program has not said whose it is."""
    row = (await tx.execute(_SECRET, {"id": account_id})).one_or_none()
    return None if row is None else Credentials(row.practice_id, row.role, row.secret_hash, row.disabled_at)


def _row(account: ServiceAccount, secret_hash: bytes) -> dict[str, object]:
    return {
        "id": account.id,
        "practice_id": account.practice_id,
        "label": account.label,
        "role": account.role,
        "secret_hash": secret_hash,
        "created_at": account.created_at,
    }


def _account(row: Row[tuple[object, ...]]) -> ServiceAccount:
    return ServiceAccount(
        id=row.id,
        practice_id=row.practice_id,
        label=row.label,
        role=row.role,
        disabled=row.disabled_at is not None,
        created_at=row.created_at,
    )
