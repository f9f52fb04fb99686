"""Asks a staff member at an open session for the password again; wrong ones count like failed logins."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from chassis.database import Database
from services.identity.auth_metrics import AuthAttempts
from services.identity.passwords import Passwords, matching
from services.identity.refusals import too_many_attempts
from services.identity.sessions.attempts import begin_attempt, forget_attempts
from services.identity.tables.practices import staff_member

_MEMBER = staff_member.c


@dataclass(frozen=True, slots=True)
class _Member:
    """Whose password is asked for; who was only invited has none."""

    email_index: bytes
    password_hash: str | None


class StaffPasswords:
    """Checks passwords of those who are logged in."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        attempts: AuthAttempts,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._attempts = attempts
        self._clock = clock

    async def is_right(self, practice_id: UUID, staff_id: UUID, typed: str) -> bool:
        """Whether it is the member's; never that of somebody who is disabled. `typed` comes from the policy,
        normalised. Refuses TOO_MANY_ATTEMPTS."""
        member = await self._counted(practice_id, staff_id)
        if member is None:
            return False
        computed = await self._passwords.hash("staff", member.email_index, typed)
        accepted = bool(matching(computed, [member.password_hash]))
        self._attempts.judged("staff_password", accepted)
        if accepted:
            async with self._database.transaction([practice_id]) as tx:
                await forget_attempts(tx, member.email_index)
        return accepted

    async def _counted(self, practice_id: UUID, staff_id: UUID) -> _Member | None:
        """The member, with one more attempt counted as failed until it is known to be right."""
        query = select(_MEMBER.email_index, _MEMBER.password_hash).where(
            _MEMBER.practice_id == practice_id, _MEMBER.id == staff_id, _MEMBER.disabled_at.is_(None)
        )
        async with self._database.transaction([practice_id]) as tx:
            row = (await tx.execute(query)).one_or_none()
            if row is None:
                return None
            retry_after = await begin_attempt(tx, row.email_index, self._clock())
        if retry_after is not None:
            self._attempts.count("staff_password", "limited")
            raise too_many_attempts(retry_after)
        return _Member(row.email_index, row.password_hash)
