"""How a person who is logged in changes the account's password."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.database import Database
from services.identity.account_changes.fresh_proof import calling_session
from services.identity.account_changes.passwords import AccountPasswords
from services.identity.accounts.open_flows import end_open_flows, lock_account
from services.identity.accounts.storage import (
    AccountContact,
    Accounts,
    pair_of_account,
    password_hash_of,
    set_password,
)
from services.identity.contact import ContactIndex
from services.identity.notices import Notice, NoticeQueue, Recipient
from services.identity.password_policy import ACCOUNT_MINIMUM, check_choice
from services.identity.passwords import Passwords, matching
from services.identity.refusals import patient_changed, session_ended
from services.identity.sessions.storage import end_other_sessions

# How long it is tried to tell the address.
_TELL_FOR: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class _Computed:
    """The hashes of both passwords, and the contact data whose address they are salted by."""

    contact: AccountContact
    pair_index: bytes
    old: str
    new: str


class PasswordChanging:
    """The use case ChangePassword."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        checks: AccountPasswords,
        passwords: Passwords,
        index: ContactIndex,
        notices: NoticeQueue,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._checks = checks
        self._passwords = passwords
        self._index = index
        self._notices = notices
        self._clock = clock

    async def change(self, caller: Caller, password: str, new_password: str) -> int:
        """Change it, end all other sessions and tell the address; says how many sessions ended.

        Refuses SESSION_ENDED, INVALID_FIELD, PASSWORD_TOO_WEAK, PASSWORD_REFUSED, TOO_MANY_ATTEMPTS,
        PATIENT_CHANGED.
        """
        async with self._database.transaction() as tx:
            await calling_session(tx, caller, self._clock())
            contact = await self._accounts.contact(tx, caller.subject_id)
        if contact is None:
            raise session_ended()
        chosen = check_choice(
            new_password, email=contact.email, minimum=ACCOUNT_MINIMUM, field="new_password"
        )
        old = await self._checks.check(caller.subject_id, contact.email, contact.email, password)
        new = await self._passwords.hash("account", self._index.email(contact.email), chosen)
        computed = _Computed(contact, self._index.pair(contact.email, contact.mobile), old, new)
        now = self._clock()
        async with self._database.transaction() as tx:
            await self._check_unchanged(tx, caller, computed, now)
            await end_open_flows(tx, caller.subject_id, computed.pair_index)
            await set_password(tx, caller.subject_id, computed.pair_index, new)
            to = Recipient.email(contact.email)
            notice = Notice(to, "password_changed", "", now + _TELL_FOR, contact.language)
            await self._notices.enqueue(tx, notice, now)
            return await end_other_sessions(tx, caller.subject_id, caller.session_id, now)

    async def _check_unchanged(
        self, tx: AsyncConnection, caller: Caller, computed: _Computed, now: datetime
    ) -> None:
        """Refuses PATIENT_CHANGED where address or password became others while the hashes were computed."""
        await lock_account(tx, caller.subject_id)
        await calling_session(tx, caller, now)
        pair_index = await pair_of_account(tx, caller.subject_id)
        password_hash = await password_hash_of(tx, caller.subject_id)
        if pair_index != computed.pair_index or not matching(computed.old, [password_hash]):
            raise patient_changed()
