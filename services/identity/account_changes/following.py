"""Lets the records that an account is bound to follow when its contact data change."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from services.identity.accounts.domain import SELF
from services.identity.accounts.storage import AccountContact
from services.identity.admission.corrections import Corrections
from services.identity.patients.domain import ContactIndexes, Patient
from services.identity.patients.states import binding_changed, tell_changed
from services.identity.patients.store import PatientStore
from services.identity.readers.moving_along import MOVED_ALONG, MovingAlong
from services.identity.readers.questions import settle
from services.identity.tables.practices import binding

_B = binding.c


@dataclass(frozen=True, slots=True)
class Move:
    """From which contact data an account goes to which; `caller` is its person."""

    caller: Caller
    before: ContactIndexes
    after: ContactIndexes
    contact: AccountContact
    now: datetime


class Following:
    """Changes records in practices that the caller holds (`hold_account`), for the indexes of both sides."""

    def __init__(self, store: PatientStore, corrections: Corrections, moving_along: MovingAlong) -> None:
        self._store = store
        self._corrections = corrections
        self._moving_along = moving_along

    async def follow(self, tx: AsyncConnection, practices: Collection[UUID], move: Move) -> None:
        """Give bound records the new contact data; a binding to a record with other data is suspended.

        Who is represented by such a record and has the same contact data moves along.
        """
        for practice_id in practices:
            changed: set[UUID] = set()
            for patient_id in await _bound(tx, practice_id, move.caller.subject_id):
                record = await self._record(tx, practice_id, patient_id)
                if self._store.pair_index(record.data) == move.before.pair:
                    await _rebind(tx, practice_id, patient_id, move)
                    changed |= await self._change(tx, record, move)
                else:
                    await self._store.suspend_bindings(tx, practice_id, patient_id)
                    await binding_changed(tx, practice_id, patient_id, move.now)
            emails = (move.before.email, move.after.email)
            settled = await settle(tx, practice_id, emails, changed, move.now) if changed else frozenset()
            await tell_changed(tx, practice_id, settled | changed, move.now)

    async def _change(self, tx: AsyncConnection, record: Patient, move: Move) -> frozenset[UUID]:
        """The records that say something else now."""
        practice_id, patient_id = record.state.practice_id, record.state.id
        data = replace(record.data, email=move.contact.email, mobile=move.contact.mobile)
        await self._store.replace(tx, record, data, release_birth_date=False)
        await self._corrections.made(tx, (practice_id, patient_id), record.data, data, move.now)
        await record_audit(
            tx,
            caller=move.caller,
            tenant_id=practice_id,
            action=MOVED_ALONG,
            object_kind="patient",
            object_id=patient_id,
            now=move.now,
        )
        moved = await self._moving_along.follow(tx, move.caller, record, data, move.now)
        return moved | {patient_id}

    async def _record(self, tx: AsyncConnection, practice_id: UUID, patient_id: UUID) -> Patient:
        record = await self._store.get(tx, practice_id, patient_id, locked=True)
        if record is None:
            raise LookupError("a binding or representation without its record")
        return record


async def _bound(tx: AsyncConnection, practice_id: UUID, account_id: UUID) -> list[UUID]:
    query = select(_B.patient_id).where(
        _B.practice_id == practice_id, _B.account_id == account_id, _B.state == "active", _B.kind == SELF
    )
    return list((await tx.execute(query.order_by(_B.patient_id))).scalars())


async def _rebind(tx: AsyncConnection, practice_id: UUID, patient_id: UUID, move: Move) -> None:
    """The binding rests on the new pair from now on."""
    await tx.execute(
        update(binding)
        .where(
            _B.practice_id == practice_id,
            _B.patient_id == patient_id,
            _B.account_id == move.caller.subject_id,
            _B.state == "active",
        )
        .values(pair_index=move.after.pair)
    )
