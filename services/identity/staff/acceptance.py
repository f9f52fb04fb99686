"""How an invited person becomes an active staff member."""

from collections.abc import Callable
from datetime import datetime

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database, limit_to_tenants
from services.identity import refusals
from services.identity.contact import ContactIndex
from services.identity.password_policy import STAFF_MINIMUM, check_choice
from services.identity.passwords import Passwords
from services.identity.practices.store import get_practice
from services.identity.staff.domain import StaffMember
from services.identity.staff.invitations import Invitations
from services.identity.staff.store import StaffStore


class Acceptance:
    """The use case of AcceptInvitation."""

    def __init__(
        self,
        database: Database,
        store: StaffStore,
        invitations: Invitations,
        passwords: Passwords,
        contact: ContactIndex,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._store = store
        self._invitations = invitations
        self._passwords = passwords
        self._contact = contact
        self._clock = clock

    async def accept(self, caller: Caller, email: str, code: str, password: str) -> StaffMember:
        """Set the first password. Refuses CODE_REFUSED, PASSWORD_TOO_WEAK.

        The password is judged and hashed before the code is looked up, so neither answer nor time tells
        whether the address was invited, and no connection waits for the hash.
        """
        chosen = check_choice(password, email=email, minimum=STAFF_MINIMUM)
        password_hash = await self._passwords.hash("staff", self._contact.email(email), chosen)
        now = self._clock()
        async with self._database.transaction() as tx:
            practice_id, staff_id = await self._invitations.invited(tx, email, code)
            await limit_to_tenants(tx, (practice_id,))
            # The lock makes a second acceptance, and a change by an admin, wait for the end of this one.
            await get_practice(tx, practice_id, locked=True)
            member = await self._store.get(tx, practice_id, staff_id)
            if member is None:
                raise refusals.code_refused()
            await self._invitations.check(tx, member, code, now)
            await self._store.keep_passwords_apart(tx, email, password_hash)
            await self._store.set_password(tx, member, password_hash)
            await record_audit(
                tx,
                caller=caller,
                tenant_id=practice_id,
                action="staff.accept_invitation",
                object_kind="staff_member",
                object_id=staff_id,
                now=now,
            )
            return member
