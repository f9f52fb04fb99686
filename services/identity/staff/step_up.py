"""Checks a staff member's password within a session and signs a short statement of it for messaging."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.statements import StatementSigner
from services.identity import refusals
from services.identity.callers import practice_of
from services.identity.password_policy import check_length_at_login
from services.identity.staff.own_password import StaffPasswords
from services.identity.tables.practices import staff_member

ISSUER: Final = "identity"
AUDIENCE: Final = "messaging"
KIND: Final = "step-up"
LIFETIME: Final = timedelta(minutes=5)

_MEMBER: Final = staff_member.c


@dataclass(frozen=True, slots=True)
class Occasion:
    """What somebody steps up for: the name of a StepUpPurpose, and to what it is to be done."""

    purpose: str
    object_id: UUID


@dataclass(frozen=True, slots=True)
class SteppedUp:
    """The statement, and whether nobody else works in the practice."""

    statement: str
    expires_at: datetime
    alone: bool


class StepUps:
    """Proves that the person at the session knows the password."""

    def __init__(
        self,
        database: Database,
        checks: StaffPasswords,
        signer: StatementSigner,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._checks = checks
        self._signer = signer
        self._clock = clock

    async def prove(self, caller: Caller, password: str, occasion: Occasion) -> SteppedUp:
        """Sign who the caller is, and for what; refuses INVALID_FIELD, TOO_MANY_ATTEMPTS, STEP_UP_REFUSED."""
        practice_id = practice_of(caller)
        typed = check_length_at_login(password)
        if not await self._checks.is_right(practice_id, caller.subject_id, typed):
            raise refusals.step_up_refused()
        now = self._clock()
        async with self._database.transaction([practice_id]) as tx:
            alone = await _number_of_members(tx, practice_id) == 1
            await record_audit(
                tx,
                caller=caller,
                tenant_id=practice_id,
                action="staff_member.stepped_up",
                object_kind="staff_member",
                object_id=caller.subject_id,
                now=now,
                why=occasion.purpose,
            )
        return self._signed(caller, practice_id, occasion, alone, now)

    def _signed(
        self, caller: Caller, practice_id: UUID, occasion: Occasion, alone: bool, now: datetime
    ) -> SteppedUp:
        claims = {
            "sub": str(caller.subject_id),
            "ten": str(practice_id),
            "alone": alone,
            "pur": occasion.purpose,
            "obj": str(occasion.object_id),
        }
        statement = self._signer.sign(claims, audience=AUDIENCE, now=now, lifetime=LIFETIME)
        return SteppedUp(statement, now + LIFETIME, alone)


async def _number_of_members(tx: AsyncConnection, practice_id: UUID) -> int:
    """How many can log in: neither disabled nor still invited."""
    query = select(func.count()).where(
        _MEMBER.practice_id == practice_id, _MEMBER.disabled_at.is_(None), _MEMBER.password_hash.is_not(None)
    )
    number: int = (await tx.execute(query)).scalar_one()
    return number
