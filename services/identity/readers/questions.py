"""Opens and closes the questions who reads, whoever changes a record; `conflict` marks that one is open."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, insert, not_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.arrays import is_one_of
from chassis.paging import Position
from services.identity.admission.asking import look_again
from services.identity.readers.domain import Cause, Holder, due
from services.identity.tables.practices import patient
from services.identity.tables.readers import reader_question, representation
from services.identity.tasks import close_task, open_task

_P = patient.c
_Q = reader_question.c
_R = representation.c
_OPEN: Final = and_(_Q.practice_id == _P.practice_id, _Q.patient_id == _P.id, _Q.closed_at.is_(None))


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question, and the records that share the address with the one it is about."""

    id: UUID
    patient_id: UUID
    cause: Cause
    opened_at: datetime
    shared_with: tuple[UUID, ...]


async def settle(
    tx: AsyncConnection,
    practice_id: UUID,
    emails: Iterable[bytes | None],
    arrived: Collection[UUID],
    now: datetime,
    *,
    made: Collection[UUID] = (),
    cause: Cause = "contact_shared",
) -> frozenset[UUID]:
    """Open and close the questions that follow from the contact data as they are now; return whose changed.

    `emails` are the indexes of the addresses that records got or lost; the caller has locked them and the
    pairs (`lock_pairs`). `arrived` are the records whose contact data are new: what was answered for them
    before counts no more. Of those that this transaction has `made` nothing was. The versions of the changed
    records have risen; the caller tells of them.
    """
    if before := set(arrived) - set(made):
        answered = and_(_these(practice_id, before), _P.reader_answered)
        await tx.execute(update(patient).where(answered).values(reader_answered=False))
    held = await _holders(tx, practice_id, {each for each in emails if each is not None}, arrived)
    questions = due(held, await _readers(tx, practice_id, [each.id for each in held]), arrived)
    for patient_id in sorted(questions.to_open):
        await open_question(tx, practice_id, patient_id, cause, now)
    for patient_id in sorted(questions.to_close):
        await close_question(tx, practice_id, patient_id, now)
    return questions.to_open | questions.to_close


async def open_question(
    tx: AsyncConnection, practice_id: UUID, patient_id: UUID, cause: Cause, now: datetime
) -> None:
    """Ask who reads for a patient; the record is locked and nothing is asked of it yet."""
    row = {"practice_id": practice_id, "patient_id": patient_id, "cause": cause, "opened_at": now}
    await tx.execute(insert(reader_question).values(row))
    await _mark(tx, practice_id, patient_id)
    await open_task(tx, practice_id, patient_id, "who_reads", now)


async def close_question(tx: AsyncConnection, practice_id: UUID, patient_id: UUID, now: datetime) -> None:
    """Ask no more; the question is open and the record locked. Who waits for it is looked at again."""
    this = (_Q.practice_id == practice_id, _Q.patient_id == patient_id, _Q.closed_at.is_(None))
    await tx.execute(update(reader_question).where(*this).values(closed_at=now))
    await _mark(tx, practice_id, patient_id)
    await close_task(tx, practice_id, patient_id, "who_reads", now)
    pair = select(_P.pair_index).where(_P.practice_id == practice_id, _P.id == patient_id)
    await look_again(tx, (await tx.execute(pair)).scalars())


async def question_of(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> OpenQuestion | None:
    """The open question about the patient, if there is one."""
    query = select(*_COLUMNS).where(
        _Q.practice_id == practice_id, _Q.patient_id == patient_id, _Q.closed_at.is_(None)
    )
    found = await _with_sharers(tx, practice_id, [tuple(row) for row in await tx.execute(query)])
    return found[0] if found else None


async def page_of_questions(
    tx: AsyncConnection, practice_id: UUID, after: Position | None, most: int
) -> list[OpenQuestion]:
    """At most so many open questions of the practice, oldest first."""
    query = select(*_COLUMNS).where(_Q.practice_id == practice_id, _Q.closed_at.is_(None))
    if after is not None:
        query = query.where(tuple_(_Q.opened_at, _Q.id) > tuple_(after.at, after.id))
    rows = await tx.execute(query.order_by(_Q.opened_at, _Q.id).limit(most))
    return await _with_sharers(tx, practice_id, [tuple(row) for row in rows])


_COLUMNS: Final = (_Q.id, _Q.patient_id, _Q.cause, _Q.opened_at)


async def _mark(tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> None:
    turned = {"conflict": not_(_P.conflict), "version": _P.version + 1}
    await tx.execute(update(patient).where(_these(practice_id, (patient_id,))).values(turned))


async def _holders(
    tx: AsyncConnection, practice_id: UUID, emails: Collection[bytes], arrived: Collection[UUID]
) -> list[Holder]:
    """All records with these addresses, and the arrived ones; nobody else changes them meanwhile.

    Looked for apart, each by its own index: with both in one condition every record of the practice is read.
    """
    at_addresses = select(_P.id).where(
        _P.practice_id == practice_id, _P.archived_at.is_(None), is_one_of(_P.email_index, emails)
    )
    ids = {*arrived, *(await tx.execute(at_addresses)).scalars()} if emails else set(arrived)
    query = (
        select(_P.id, _P.email_index, _P.pair_index, _Q.cause, _P.reader_answered)
        .select_from(patient.outerjoin(reader_question, _OPEN))
        .where(
            _P.practice_id == practice_id,
            _P.archived_at.is_(None),
            is_one_of(_P.id, ids),
        )
        .order_by(_P.id)
        .with_for_update(of=patient)
    )
    return [Holder(*row) for row in await tx.execute(query)]


async def _readers(tx: AsyncConnection, practice_id: UUID, ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    query = select(_R.patient_id, _R.representative_id).where(
        _R.practice_id == practice_id, _R.ended_at.is_(None), is_one_of(_R.patient_id, ids)
    )
    return {row.patient_id: row.representative_id for row in await tx.execute(query)}


async def _with_sharers(
    tx: AsyncConnection, practice_id: UUID, rows: list[tuple[UUID, UUID, Cause, datetime]]
) -> list[OpenQuestion]:
    other = patient.alias("other")
    query = (
        select(_P.id, other.c.id.label("other_id"))
        .join_from(
            patient,
            other,
            and_(
                other.c.practice_id == _P.practice_id,
                other.c.email_index == _P.email_index,
                other.c.id != _P.id,
                other.c.archived_at.is_(None),
            ),
        )
        .where(_P.practice_id == practice_id, _P.id.in_([patient_id for _, patient_id, _, _ in rows]))
        .order_by(other.c.created_at, other.c.id)
    )
    sharers: dict[UUID, list[UUID]] = {}
    for found in await tx.execute(query):
        sharers.setdefault(found.id, []).append(found.other_id)
    return [OpenQuestion(*row, tuple(sharers.get(row[1], ()))) for row in rows]


def _these(practice_id: UUID, ids: Collection[UUID]) -> ColumnElement[bool]:
    return and_(_P.practice_id == practice_id, is_one_of(_P.id, ids))
