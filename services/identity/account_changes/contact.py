"""How a person changes the account's address or number: password, code to the new, a word to the old."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.database import Database
from services.identity.account_changes.following import Following, Move
from services.identity.account_changes.fresh_proof import calling_session, check_fresh_proof
from services.identity.account_changes.holding import hold_account
from services.identity.account_changes.lately import check_apart, note_change
from services.identity.account_changes.passwords import AccountPasswords
from services.identity.account_changes.storage import ContactChange, ContactChanges
from services.identity.accounts.open_flows import end_open_flows
from services.identity.accounts.returning import Returning
from services.identity.accounts.storage import AccountContact, Accounts, ProvenContact
from services.identity.auth_metrics import AuthAttempts
from services.identity.code_windows import count_code
from services.identity.codes import Codes, Purpose
from services.identity.contact import ContactIndex
from services.identity.notices import Notice, NoticeQueue, Recipient
from services.identity.patients.domain import ContactIndexes
from services.identity.refusals import (
    code_refused,
    contact_change_not_found,
    contact_taken,
    contact_unchanged,
    patient_changed,
    session_ended,
)
from services.identity.sessions.storage import move_mobile_proof

_TRIES: Final = 5
# How long it is tried to tell the old address or number.
_TELL_FOR: Final = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A new address or a new number, in the form that contact data have; the other is None."""

    email: str | None
    mobile: str | None


class ContactChanging:
    """The use cases StartContactChange and ConfirmContactChange."""

    def __init__(
        self,
        database: Database,
        accounts: Accounts,
        changes: ContactChanges,
        passwords: AccountPasswords,
        following: Following,
        index: ContactIndex,
        codes: Codes,
        notices: NoticeQueue,
        attempts: AuthAttempts,
        returning: Returning,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._database = database
        self._accounts = accounts
        self._changes = changes
        self._passwords = passwords
        self._following = following
        self._index = index
        self._codes = codes
        self._notices = notices
        self._attempts = attempts
        self._returning = returning
        self._clock = clock
        self._new_id = new_id

    async def start(self, caller: Caller, password: str, wanted: Wanted) -> datetime:
        """Send a code to the new address or number; return when it ends.

        Refuses SMS_PROOF_TOO_OLD, PASSWORD_REFUSED, TOO_MANY_ATTEMPTS, CONTACT_UNCHANGED,
        CONTACT_CHANGED_LATELY, TOO_MANY_CODES.
        """
        async with self._database.transaction() as tx:
            await check_fresh_proof(tx, caller, self._clock())
            before = await self._contact(tx, caller.subject_id)
        after = replace(before, email=wanted.email or before.email, mobile=wanted.mobile or before.mobile)
        checked = await self._passwords.check(caller.subject_id, before.email, after.email, password)
        if self._indexes(before) == self._indexes(after):
            raise contact_unchanged()
        now = self._clock()
        indexes = self._indexes(after)
        proven = ProvenContact(indexes.email, indexes.pair, checked, after)
        change = ContactChange(self._new_id(), caller.subject_id, proven)
        async with self._database.transaction() as tx:
            await check_apart(tx, caller.subject_id, _purpose(before, after), now)
            await count_code(tx, _window(caller.subject_id), now)
            await count_code(tx, self._index_of(wanted), now)
            return await self._send_code(tx, change, _purpose(before, after), wanted, now)

    async def confirm(self, caller: Caller, code: str) -> AccountContact:
        """Prove it, change the account and let the bound records follow; return the account's contact data.

        A record that staff gave the new data before is bound again.

        Refuses CONTACT_CHANGE_NOT_FOUND, CODE_REFUSED, CONTACT_TAKEN, CONTACT_CHANGED_LATELY, and
        PATIENT_CHANGED where too much happened at the same time.
        """
        now = self._clock()
        for _ in range(_TRIES):
            async with self._database.transaction() as tx:
                moved, contact = await self._try_confirm(tx, caller, code, now)
            if moved:
                proven = self._judged(contact)
                await self._returning.restore(caller.subject_id)
                return proven
        raise patient_changed()

    async def _try_confirm(
        self, tx: AsyncConnection, caller: Caller, code: str, now: datetime
    ) -> tuple[bool, AccountContact | None]:
        """Whether the locks were the right ones, and the new contact data unless the code was refused."""
        await calling_session(tx, caller, now)
        change = await self._found(tx, caller, now)
        before = await self._contact(tx, caller.subject_id)
        old, new = self._indexes(before), self._indexes(change.proven.contact)
        practices = await hold_account(tx, caller.subject_id, old.pair, (old.email, new.email, new.pair))
        if practices is None or (await self._found(tx, caller, now)).id != change.id:
            return False, None
        after = change.proven.contact
        purpose = _purpose(before, after)
        await check_apart(tx, caller.subject_id, purpose, now)
        if await self._codes.use(tx, (change.id,), purpose, code, now) is None:
            return True, None
        await end_open_flows(tx, caller.subject_id, old.pair)
        if not await self._accounts.replace_contact(tx, caller.subject_id, change.proven):
            raise contact_taken()
        move = Move(caller, _patients(old), _patients(new), after, now)
        await self._following.follow(tx, practices, move)
        if purpose == "change_sms":
            await move_mobile_proof(tx, caller.subject_id, caller.session_id, now)
        await note_change(tx, caller.subject_id, purpose, now)
        await self._tell_old(tx, before, purpose, now)
        return True, after

    def _judged(self, contact: AccountContact | None) -> AccountContact:
        self._attempts.judged("contact_code", contact is not None)
        if contact is None:
            raise code_refused()
        return contact

    async def _send_code(
        self, tx: AsyncConnection, change: ContactChange, purpose: Purpose, wanted: Wanted, now: datetime
    ) -> datetime:
        issued = await self._codes.issue(tx, change.id, purpose, now)
        await self._changes.put(tx, change, issued.expires_at)
        to = Recipient.email(wanted.email) if wanted.email else Recipient.mobile(wanted.mobile or "")
        language = change.proven.contact.language
        await self._notices.enqueue(
            tx, Notice(to, "contact_code", issued.code, issued.expires_at, language), now
        )
        return issued.expires_at

    async def _tell_old(
        self, tx: AsyncConnection, before: AccountContact, purpose: Purpose, now: datetime
    ) -> None:
        by_email = purpose == "change_email"
        to = Recipient.email(before.email) if by_email else Recipient.mobile(before.mobile)
        notice = Notice(to, "contact_changed", "", now + _TELL_FOR, before.language)
        await self._notices.enqueue(tx, notice, now)

    async def _contact(self, tx: AsyncConnection, account_id: UUID) -> AccountContact:
        contact = await self._accounts.contact(tx, account_id)
        if contact is None:
            raise session_ended()
        return contact

    async def _found(self, tx: AsyncConnection, caller: Caller, now: datetime) -> ContactChange:
        change = await self._changes.find(tx, caller.subject_id, now)
        if change is None:
            raise contact_change_not_found()
        return change

    def _indexes(self, contact: AccountContact) -> "_Indexes":
        return _Indexes(self._index.email(contact.email), self._index.pair(contact.email, contact.mobile))

    def _index_of(self, wanted: Wanted) -> bytes:
        return self._index.email(wanted.email) if wanted.email else self._index.mobile(wanted.mobile or "")


@dataclass(frozen=True, slots=True)
class _Indexes:
    """An account has both."""

    email: bytes
    pair: bytes


def _patients(indexes: _Indexes) -> ContactIndexes:
    return ContactIndexes(indexes.email, indexes.pair)


def _purpose(before: AccountContact, after: AccountContact) -> Purpose:
    return "change_email" if before.email != after.email else "change_sms"


def _window(account_id: UUID) -> bytes:
    """What limits an account's codes to new addresses and numbers."""
    return sha256(b"contact change\0" + account_id.bytes).digest()
