"""The rows of documents; every statement stays within the transaction's practices."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.doomed_keys import doom
from services.attachments.domain import Holding, Side, State
from services.attachments.tables import attachment, original
from services.attachments.usage import free

_HELD = (State.CLAIMED, State.ATTACHED)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A document that begins to come: what is known, and sealed, before its first byte."""

    practice_id: UUID
    id: UUID
    patient_id: UUID
    uploader_id: UUID
    request_id: UUID
    object_key: str
    key_sealed: bytes
    file_name_sealed: bytes
    declared_type: str
    uploaded_by: Side
    key_id: UUID | None


@dataclass(frozen=True, slots=True)
class Stored:
    """A document that is there as a whole."""

    practice_id: UUID
    id: UUID
    patient_id: UUID
    state: State
    created_at: datetime
    withdrawn_at: datetime | None
    object_key: str
    key_sealed: bytes
    file_name_sealed: bytes
    declared_type: str
    sniffed_type: str
    size: int
    sha256_sealed: bytes
    uploaded_by: Side
    key_id: UUID | None


@dataclass(frozen=True, slots=True)
class Sealed:
    """What is added to a row once the document is whole, or its rendition is."""

    object_key: str
    key_sealed: bytes
    size: int
    sha256_sealed: bytes
    sniffed_type: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a document was at when it was looked at."""

    state: State
    state_at: datetime


async def add_arrival(tx: AsyncConnection, arrival: Arrival, now: datetime) -> bool:
    """Whether the row was made: not if the same request has one already."""
    values = {name: getattr(arrival, name) for name in Arrival.__slots__}
    statement = insert(attachment).values(**values, state=State.UPLOADING, state_at=now, created_at=now)
    return (await tx.execute(statement.on_conflict_do_nothing())).rowcount == 1


async def find_request(tx: AsyncConnection, arrival: Arrival) -> Stored | None:
    """What came of the same request earlier; None while it is still coming, or if there was none."""
    there = attachment.c.state.in_((State.READY, *_HELD))
    row = (await tx.execute(select(attachment).where(_same_request(arrival), there))).one_or_none()
    return None if row is None else _stored(row)


async def find_held(tx: AsyncConnection, practice_id: UUID, attachment_id: UUID) -> Stored | None:
    """A document that a message has claimed."""
    condition = and_(_is(practice_id, attachment_id), attachment.c.state.in_(_HELD))
    row = (await tx.execute(select(attachment).where(condition))).one_or_none()
    return None if row is None else _stored(row)


async def give_up_stale(tx: AsyncConnection, arrival: Arrival, stale: datetime, now: datetime) -> None:
    """Leave an upload of the same request that nobody has been at since `stale` to the collector."""
    lost = and_(_same_request(arrival), attachment.c.state == State.UPLOADING, attachment.c.state_at < stale)
    await tx.execute(update(attachment).where(lost).values(state=State.DELETING, state_at=now))


async def keep_alive(tx: AsyncConnection, practice_id: UUID, attachment_id: UUID, now: datetime) -> bool:
    """Say that the upload goes on; False if it was given up meanwhile."""
    condition = and_(_is(practice_id, attachment_id), attachment.c.state == State.UPLOADING)
    return (await tx.execute(update(attachment).where(condition).values(state_at=now))).rowcount == 1


async def finish(
    tx: AsyncConnection, practice_id: UUID, attachment_id: UUID, sealed: Sealed
) -> Stored | None:
    """The document is whole; None if its upload was given up. Its age counts from its first byte."""
    statement = (
        update(attachment)
        .where(_is(practice_id, attachment_id), attachment.c.state == State.UPLOADING)
        .values(
            state=State.READY,
            state_at=attachment.c.created_at,
            **{name: getattr(sealed, name) for name in Sealed.__slots__},
        )
        .returning(attachment)
    )
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else _stored(row)


async def lock(tx: AsyncConnection, practice_id: UUID, ids: Collection[UUID]) -> dict[UUID, Holding]:
    """What decides about a claim, locked in the order of the ids: two claims cannot wait for each other."""
    statement = (
        select(attachment)
        .where(attachment.c.practice_id == practice_id, attachment.c.id.in_(ids))
        .order_by(attachment.c.id)
        .with_for_update()
    )
    return {
        row.id: Holding(row.id, row.patient_id, row.uploader_id, State(row.state), row.message_id)
        for row in await tx.execute(statement)
    }


async def claim(
    tx: AsyncConnection, practice_id: UUID, ids: Collection[UUID], message_id: UUID, now: datetime
) -> dict[UUID, Stored]:
    """Tie locked documents to the message; one that is confirmed already stays so."""
    mine = (attachment.c.practice_id == practice_id, attachment.c.id.in_(ids))
    free = update(attachment).where(*mine, attachment.c.state == State.READY)
    await tx.execute(free.values(state=State.CLAIMED, message_id=message_id))
    again = update(attachment).where(*mine, attachment.c.message_id == message_id).values(state_at=now)
    rows = (await tx.execute(again.returning(attachment))).all()
    return {row.id: _stored(row) for row in rows}


async def withdraw(tx: AsyncConnection, practice_id: UUID, message_id: UUID, now: datetime) -> None:
    """Note of a message's documents that it was withdrawn; the first time counts."""
    fresh = and_(_of_message(practice_id, message_id), attachment.c.withdrawn_at.is_(None))
    await tx.execute(update(attachment).where(fresh).values(withdrawn_at=now))


async def erase(tx: AsyncConnection, practice_id: UUID, message_id: UUID, now: datetime) -> list[UUID]:
    """Destroy the keys of a message's documents, and leave them to the collector; returns which they were."""
    mine = update(attachment).where(_of_message(practice_id, message_id))
    going = mine.values(state=State.DELETING, state_at=now, key_sealed=b"")
    gone = (await tx.execute(going.returning(attachment.c.id, attachment.c.key_id))).all()
    await doom(tx, [row.key_id for row in gone if row.key_id is not None], now)
    return [row.id for row in gone]


async def postpone(tx: AsyncConnection, practice_id: UUID, attachment_id: UUID, now: datetime) -> None:
    """A draft has a claimed document: look again in a day."""
    condition = and_(_is(practice_id, attachment_id), attachment.c.state == State.CLAIMED)
    await tx.execute(update(attachment).where(condition).values(state_at=now))


async def confirm(tx: AsyncConnection, practice_id: UUID, attachment_id: UUID) -> None:
    """The message of a claimed document exists."""
    condition = and_(_is(practice_id, attachment_id), attachment.c.state == State.CLAIMED)
    await tx.execute(update(attachment).where(condition).values(state=State.ATTACHED))


async def begin_deletion(
    tx: AsyncConnection, practice_id: UUID, attachment_id: UUID, seen: Seen, now: datetime
) -> bool:
    """Whether the document goes: only if it is still as it was seen; a claim that came meanwhile keeps it."""
    unchanged = and_(
        _is(practice_id, attachment_id),
        attachment.c.state == seen.state,
        attachment.c.state_at == seen.state_at,
    )
    going = update(attachment).where(unchanged).values(state=State.DELETING, state_at=now)
    return (await tx.execute(going)).rowcount == 1


async def give_up(tx: AsyncConnection, practice_id: UUID, attachment_id: UUID, now: datetime) -> State | None:
    """A broken upload goes and frees its request id; returns what its row is at then, if there is one."""
    mine = _is(practice_id, attachment_id)
    broken = update(attachment).where(mine, attachment.c.state == State.UPLOADING)
    await tx.execute(broken.values(state=State.DELETING, state_at=now))
    state = (await tx.execute(select(attachment.c.state).where(mine))).scalar_one_or_none()
    return None if state is None else State(state)


async def end_deletion(tx: AsyncConnection, practice_id: UUID, attachment_id: UUID, now: datetime) -> None:
    """The document's objects are gone: so are its row and its key, and what it took is free."""
    kept = select(func.coalesce(func.sum(original.c.size), 0)).where(
        original.c.practice_id == practice_id,
        original.c.attachment_id == attachment_id,
        original.c.object_key.is_not(None),
    )
    beside = (await tx.execute(kept)).scalar_one()
    condition = and_(_is(practice_id, attachment_id), attachment.c.state == State.DELETING)
    going = delete(attachment).where(condition).returning(attachment.c.size, attachment.c.key_id)
    gone = (await tx.execute(going)).one_or_none()
    if gone is None:
        return
    if gone.key_id is not None:
        await doom(tx, [gone.key_id], now)
    if gone.size is not None:
        await free(tx, practice_id, gone.size + int(beside))


def _is(practice_id: UUID, attachment_id: UUID) -> ColumnElement[bool]:
    return and_(attachment.c.practice_id == practice_id, attachment.c.id == attachment_id)


def _of_message(practice_id: UUID, message_id: UUID) -> ColumnElement[bool]:
    return and_(
        attachment.c.practice_id == practice_id,
        attachment.c.message_id == message_id,
        attachment.c.state.in_(_HELD),
    )


def _same_request(arrival: Arrival) -> ColumnElement[bool]:
    return and_(
        attachment.c.practice_id == arrival.practice_id,
        attachment.c.uploader_id == arrival.uploader_id,
        attachment.c.request_id == arrival.request_id,
    )


def _stored(row: Row[tuple[object, ...]]) -> Stored:
    values = row._mapping
    fields = {name: values[name] for name in Stored.__slots__}
    return Stored(**fields | {"state": State(values["state"]), "uploaded_by": Side(values["uploaded_by"])})
