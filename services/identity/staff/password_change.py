"""How a staff member who is logged in chooses another password."""

from collections.abc import Callable
from datetime import datetime

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from services.identity import refusals
from services.identity.callers import practice_of
from services.identity.contact import ContactIndex
from services.identity.password_policy import STAFF_MINIMUM, check_choice, check_length_at_login
from services.identity.passwords import Passwords
from services.identity.practices.store import get_practice
from services.identity.sessions.storage import end_other_sessions
from services.identity.staff.domain import StaffMember
from services.identity.staff.own_password import StaffPasswords
from services.identity.staff.store import StaffStore


class PasswordChange:
    """The use case of ChangeStaffPassword."""

    def __init__(
        self,
        database: Database,
        store: StaffStore,
        checks: StaffPasswords,
        passwords: Passwords,
        contact: ContactIndex,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._store = store
        self._checks = checks
        self._passwords = passwords
        self._contact = contact
        self._clock = clock

    async def change(self, caller: Caller, password: str, new_password: str) -> int:
        """Change it and end the caller's other sessions; says how many ended.

        Refuses INVALID_FIELD, PASSWORD_TOO_WEAK, PASSWORD_REFUSED, TOO_MANY_ATTEMPTS.
        """
        practice_id = practice_of(caller)
        typed = check_length_at_login(password)
        async with self._database.transaction([practice_id]) as tx:
            member = _active(await self._store.get(tx, practice_id, caller.subject_id))
        email = member.person.email
        chosen = check_choice(new_password, email=email, minimum=STAFF_MINIMUM, field="new_password")
        if not await self._checks.is_right(practice_id, caller.subject_id, typed):
            raise refusals.password_refused()
        password_hash = await self._passwords.hash("staff", self._contact.email(email), chosen)
        now = self._clock()
        async with self._database.transaction([practice_id]) as tx:
            # An admin who disables the member at this moment waits for the end of this, or is seen here.
            await get_practice(tx, practice_id, locked=True)
            member = _active(await self._store.get(tx, practice_id, caller.subject_id))
            await self._store.keep_passwords_apart(tx, email, password_hash)
            await self._store.set_password(tx, member, password_hash)
            ended = await end_other_sessions(tx, caller.subject_id, caller.session_id, now)
            await record_audit(
                tx,
                caller=caller,
                tenant_id=practice_id,
                action="staff_member.changed_password",
                object_kind="staff_member",
                object_id=caller.subject_id,
                now=now,
            )
            return ended


def _active(member: StaffMember | None) -> StaffMember:
    """Whoever may not log in any more looks like one who does not know the password."""
    if member is None or member.disabled_at is not None or not member.has_password:
        raise refusals.password_refused()
    return member
