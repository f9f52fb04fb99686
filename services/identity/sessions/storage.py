"""Sessions in the database, by the hash of their secret."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, delete, func, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.sessions.domain import IDLE, LONGEST, Session
from services.identity.tables.people import session as session_table

_S = session_table.c
_COLUMNS = (_S.id, _S.holder, _S.holder_id, _S.mobile_proven_at, _S.created_at, _S.last_used_at, _S.ended_at)


async def add_session(tx: AsyncConnection, session: Session, secret_hash: bytes) -> None:
    """Keep a new session."""
    row = {
        "id": session.id,
        "secret_hash": secret_hash,
        "holder": session.holder,
        "holder_id": session.holder_id,
        "mobile_proven_at": session.mobile_proven_at,
        "created_at": session.created_at,
        "last_used_at": session.last_used_at,
    }
    await tx.execute(insert(session_table).values(row))


async def open_session(tx: AsyncConnection, secret_hash: bytes, now: datetime) -> Session | None:
    """The session of the secret, if it is open."""
    found = select(*_COLUMNS).where(_S.secret_hash == secret_hash, _is_open(now))
    return _session((await tx.execute(found)).first())


async def use_session(tx: AsyncConnection, secret_hash: bytes, now: datetime) -> Session | None:
    """The same, and its idle time begins anew."""
    used = update(session_table).where(_S.secret_hash == secret_hash, _is_open(now))
    moved = used.values(last_used_at=func.greatest(_S.last_used_at, now)).returning(*_COLUMNS)
    return _session((await tx.execute(moved)).first())


async def session_of_holder(
    tx: AsyncConnection, holder_id: UUID, session_id: UUID, now: datetime
) -> Session | None:
    """The session of that id, if it is the holder's and open."""
    found = select(*_COLUMNS).where(_S.holder_id == holder_id, _S.id == session_id, _is_open(now))
    return _session((await tx.execute(found)).first())


async def open_sessions(
    tx: AsyncConnection, holder_id: UUID, now: datetime, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[Session]:
    """The holder's open sessions, newest first, from the one after `before` on."""
    found = select(*_COLUMNS).where(_S.holder_id == holder_id, _is_open(now))
    if before is not None:
        found = found.where(tuple_(_S.created_at, _S.id) < tuple_(*before))
    rows = await tx.execute(found.order_by(_S.created_at.desc(), _S.id.desc()).limit(limit))
    return [Session(*row) for row in rows]


async def move_mobile_proof(
    tx: AsyncConnection, holder_id: UUID, session_id: UUID | None, now: datetime
) -> None:
    """The holder has another number, proven just now in this session and in no other."""
    proven = case((_S.id == session_id, now), else_=None)
    await tx.execute(update(session_table).where(_S.holder_id == holder_id).values(mobile_proven_at=proven))


async def end_session(tx: AsyncConnection, holder_id: UUID, session_id: UUID, now: datetime) -> bool:
    """End one of the holder's sessions, if it is open; False where the holder has none of that id."""
    ended = update(session_table).where(_S.holder_id == holder_id, _S.id == session_id)
    result = await tx.execute(ended.values(ended_at=func.coalesce(_S.ended_at, now)))
    return result.rowcount == 1


async def end_sessions_of(tx: AsyncConnection, holder_id: UUID, now: datetime) -> int:
    """End all sessions of the holder, a staff member or an account; says how many."""
    ended = update(session_table).where(_S.holder_id == holder_id, _S.ended_at.is_(None))
    return (await tx.execute(ended.values(ended_at=now))).rowcount


async def end_other_sessions(
    tx: AsyncConnection, holder_id: UUID, session_id: UUID | None, now: datetime
) -> int:
    """End all open sessions of the holder but this one; says how many."""
    others = update(session_table).where(_S.holder_id == holder_id, _S.id != session_id, _is_open(now))
    return (await tx.execute(others.values(ended_at=now))).rowcount


async def delete_old_sessions(tx: AsyncConnection, now: datetime) -> int:
    """Remove sessions that are over; says how many."""
    over = or_(_S.created_at <= now - LONGEST, _S.last_used_at <= now - IDLE, _S.ended_at <= now - IDLE)
    return (await tx.execute(delete(session_table).where(over))).rowcount


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(_S.ended_at.is_(None), _S.last_used_at > now - IDLE, _S.created_at > now - LONGEST)


def _session(row: Sequence[Any] | None) -> Session | None:
    return None if row is None else Session(*row)
