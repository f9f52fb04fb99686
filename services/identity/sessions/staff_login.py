"""How staff log in: one password computation and the same statements, whoever is found."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import LargeBinary, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from services.identity.auth_metrics import AuthAttempts
from services.identity.contact import ContactIndex, email_address
from services.identity.password_policy import check_length_at_login
from services.identity.passwords import Passwords, matching
from services.identity.refusals import login_refused, too_many_attempts
from services.identity.sessions.attempts import begin_attempt, forget_attempts
from services.identity.sessions.beginnings import begin_session

_MEMBERS: Final = text(
    "SELECT practice_id, id, password_hash, disabled_at FROM staff_members_by_email(:email_index)"
).bindparams(bindparam("email_index", type_=LargeBinary))


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Who logged in, and for which practice."""

    id: UUID
    practice_id: UUID


@dataclass(frozen=True, slots=True)
class StaffSession:
    """A staff member's new session."""

    member: StaffMember
    secret: str


class StaffLogin:
    """Checks e-mail address and password of staff."""

    def __init__(
        self,
        database: Database,
        index: ContactIndex,
        passwords: Passwords,
        attempts: AuthAttempts,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._database = database
        self._index = index
        self._passwords = passwords
        self._attempts = attempts
        self._clock = clock
        self._new_id = new_id

    async def login(self, email: str, password: str) -> StaffSession:
        """Begin a session. Refuses INVALID_FIELD, TOO_MANY_ATTEMPTS, and anything else as LOGIN_REFUSED."""
        email_index = self._index.email(email_address("email", email))
        typed = check_length_at_login(password)
        await self._count(email_index)
        computed = await self._passwords.hash("staff", email_index, typed)
        now = self._clock()
        async with self._database.transaction() as tx:
            member = await _member(tx, email_index, computed)
            secret = None if member is None else await self._admit(tx, email_index, member, now)
        self._attempts.judged("staff_password", member is not None)
        if member is None or secret is None:
            raise login_refused()
        return StaffSession(member, secret)

    async def _count(self, email_index: bytes) -> None:
        async with self._database.transaction() as tx:
            retry_after = await begin_attempt(tx, email_index, self._clock())
        if retry_after is not None:
            self._attempts.count("staff_password", "limited")
            raise too_many_attempts(retry_after)

    async def _admit(
        self, tx: AsyncConnection, email_index: bytes, member: StaffMember, now: datetime
    ) -> str:
        await forget_attempts(tx, email_index)
        return await begin_session(tx, "staff", member.id, now, new_id=self._new_id)


async def _member(tx: AsyncConnection, email_index: bytes, computed: str) -> StaffMember | None:
    """The active member with this password; accepting an invitation keeps passwords at an address apart."""
    rows = list(await tx.execute(_MEMBERS, {"email_index": email_index}))
    found = [rows[position] for position in matching(computed, [row.password_hash for row in rows])]
    active = [StaffMember(row.id, row.practice_id) for row in found if row.disabled_at is None]
    return active[0] if active else None
