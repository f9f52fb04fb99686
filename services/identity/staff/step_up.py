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
from services.identity.auth_metrics import AuthAttempts
from services.identity.callers import practice_of
from services.identity.password_policy import check_length_at_login
from services.identity.passwords import Passwords, matching
from services.identity.sessions.attempts import begin_attempt, forget_attempts
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


@dataclass(frozen=True, slots=True)
class _Member:
    """Whose password is asked for; who was only invited has none."""

    email_index: bytes
    password_hash: str | None


class StepUps:
    """Proves that the person at the session knows the password."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        attempts: AuthAttempts,
        signer: StatementSigner,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._attempts = attempts
        self._signer = signer
        self._clock = clock

    async def prove(self, caller: Caller, password: str, occasion: Occasion) -> SteppedUp:
        """Sign who the caller is, and for what; refuses INVALID_FIELD, TOO_MANY_ATTEMPTS, STEP_UP_REFUSED."""
        practice_id = practice_of(caller)
        typed = check_length_at_login(password)
        member = await self._counted(practice_id, caller.subject_id)
        computed = await self._passwords.hash("staff", member.email_index, typed)
        accepted = bool(matching(computed, [member.password_hash]))
        self._attempts.judged("staff_password", accepted)
        if not accepted:
            raise refusals.step_up_refused()
        now = self._clock()
        async with self._database.transaction([practice_id]) as tx:
            await forget_attempts(tx, member.email_index)
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

    async def _counted(self, practice_id: UUID, staff_id: UUID) -> _Member:
        """The member, with one more attempt counted as failed until it is known to be right."""
        query = select(_MEMBER.email_index, _MEMBER.password_hash).where(
            _MEMBER.practice_id == practice_id, _MEMBER.id == staff_id, _MEMBER.disabled_at.is_(None)
        )
        async with self._database.transaction([practice_id]) as tx:
            row = (await tx.execute(query)).one_or_none()
            if row is None:
                raise refusals.step_up_refused()
            member = _Member(row.email_index, row.password_hash)
            retry_after = await begin_attempt(tx, member.email_index, self._clock())
        if retry_after is not None:
            self._attempts.count("staff_password", "limited")
            raise refusals.too_many_attempts(retry_after)
        return member

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
