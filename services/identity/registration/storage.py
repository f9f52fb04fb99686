"""Registrations in the database, by the hash of their secret; what was typed is sealed."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, exists, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import wake_after_commit
from chassis.keys import Sealer
from services.identity.admission.asking import LOOK_CHANNEL
from services.identity.registration.domain import PROOF_LIFETIME, Registration, State, Typed
from services.identity.tables.people import account, registration

REGISTRATION_KEY: Final = "registration"

_R = registration.c
_COLUMNS: Final = (_R.id, _R.email_index, _R.pair_index, _R.state, _R.mobile_proven_at, _R.expires_at)


class Registrations:
    """Stores and finds registrations; the sealer's key is the service's own (`REGISTRATION_KEY`)."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    async def add(
        self, tx: AsyncConnection, new: Registration, typed: Typed, secret_hash: bytes, now: datetime
    ) -> None:
        """Keep a new registration."""
        row = {
            "id": new.id,
            "secret_hash": secret_hash,
            "email_index": new.email_index,
            "pair_index": new.pair_index,
            "typed": self._sealer.seal(json.dumps(asdict(typed)).encode(), *_place(new.id)),
            "state": new.state,
            "created_at": now,
            "expires_at": new.expires_at,
        }
        await tx.execute(insert(registration).values(row))

    async def typed(self, tx: AsyncConnection, registration_id: UUID) -> Typed:
        """What the person typed."""
        sealed = (await tx.execute(select(_R.typed).where(_R.id == registration_id))).scalar_one()
        return Typed(**json.loads(self._sealer.open(sealed, *_place(registration_id))))

    async def note_birth_date(self, tx: AsyncConnection, new: Registration, born: date) -> None:
        """Keep the birth date that led to nothing, and have it looked at.

        Only the last one that was given for a pair is kept, so that no stock of guesses waits for a release.
        """
        sealed = self._sealer.seal(born.isoformat().encode(), *_birth_date_place(new.id))
        # One that is held is being completed itself, and then forgets this one.
        others = (
            select(_R.id)
            .where(_R.pair_index == new.pair_index, _R.id != new.id, _R.birth_date.is_not(None))
            .with_for_update(skip_locked=True)
        )
        await tx.execute(update(registration).where(_R.id.in_(others)).values(birth_date=None))
        await tx.execute(update(registration).where(_R.id == new.id).values(birth_date=sealed, look_due=True))
        wake_after_commit(tx, LOOK_CHANNEL)

    async def birth_date(self, tx: AsyncConnection, registration_id: UUID) -> date | None:
        """The birth date that was given last and led to nothing."""
        sealed = (await tx.execute(select(_R.birth_date).where(_R.id == registration_id))).scalar_one()
        if sealed is None:
            return None
        return date.fromisoformat(self._sealer.open(sealed, *_birth_date_place(registration_id)).decode())


async def next_to_look_at(tx: AsyncConnection, now: datetime) -> Registration | None:
    """The oldest registration to look at that nobody holds; nobody else changes it meanwhile."""
    query = select(*_COLUMNS).where(_R.look_due, _R.expires_at > now).order_by(_R.created_at).limit(1)
    return _registration((await tx.execute(query.with_for_update(skip_locked=True))).first())


async def note_looked(tx: AsyncConnection, registration_id: UUID) -> None:
    """The registration was looked at as it is now."""
    await tx.execute(update(registration).where(_R.id == registration_id).values(look_due=False))


async def find_registration(
    tx: AsyncConnection, secret_hash: bytes, now: datetime, *, locked: bool = False
) -> Registration | None:
    """The registration of the secret unless it has expired; locked: no other request changes it meanwhile."""
    query = select(*_COLUMNS).where(_R.secret_hash == secret_hash, _R.expires_at > now)
    return _registration((await tx.execute(query.with_for_update() if locked else query)).first())


async def note_proof(tx: AsyncConnection, registration_id: UUID, state: State, now: datetime) -> None:
    """Move to the state that a proof led to; proofs last 14 days. The worker looks at what it leads to."""
    proven = {"state": state, "expires_at": now + PROOF_LIFETIME, "look_due": True}
    if state == "proven":
        proven["mobile_proven_at"] = now
    await tx.execute(update(registration).where(_R.id == registration_id).values(proven))
    wake_after_commit(tx, LOOK_CHANNEL)


async def pair_is_known(tx: AsyncConnection, pair_index: bytes) -> bool:
    """Whether the pair stands in a patient's record or an account; one statement, whatever is found."""
    in_record = exists().select_from(func.patients_by_pair(pair_index).table_valued("id"))
    in_account = exists().where(account.c.pair_index == pair_index)
    known: bool = (await tx.execute(select(or_(in_record, in_account)))).scalar_one()
    return known


async def delete_registration(tx: AsyncConnection, registration_id: UUID) -> None:
    """Forget a completed registration with all that was typed."""
    await tx.execute(delete(registration).where(_R.id == registration_id))


async def delete_expired_registrations(tx: AsyncConnection, now: datetime) -> int:
    """Remove registrations that have expired; says how many."""
    return (await tx.execute(delete(registration).where(_R.expires_at <= now))).rowcount


def _registration(row: Sequence[Any] | None) -> Registration | None:
    return None if row is None else Registration(*row)


def _birth_date_place(registration_id: UUID) -> tuple[str, UUID, str]:
    return "registration", registration_id, "birth_date"


def _place(registration_id: UUID) -> tuple[str, UUID, str]:
    return "registration", registration_id, "typed"
