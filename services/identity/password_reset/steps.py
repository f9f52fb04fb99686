"""The steps of a password reset; answers, statements and notices never depend on who is known."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from services.identity.accounts.open_flows import end_open_flows, lock_account
from services.identity.accounts.storage import account_with_pair, set_password
from services.identity.auth_metrics import AuthAttempts
from services.identity.code_windows import count_code
from services.identity.codes import EMAIL_CODE_LIFETIME, Codes, Purpose
from services.identity.contact import ContactIndex, typed_pair
from services.identity.language import GERMAN
from services.identity.notices import Notice, NoticeQueue, Recipient
from services.identity.opaque_secrets import new_secret, secret_hash
from services.identity.password_policy import ACCOUNT_MINIMUM, check_choice
from services.identity.password_reset.storage import (
    PasswordReset,
    add_reset,
    find_reset,
    note_email_proof,
)
from services.identity.passwords import Passwords
from services.identity.refusals import code_refused, reset_not_found, reset_step_not_due
from services.identity.sessions.storage import end_sessions_of

# A number without country code is read as in Germany, as at registration.
_REGION: Final = "DE"
_LIFETIME: Final = EMAIL_CODE_LIFETIME


@dataclass(frozen=True, slots=True)
class StartedReset:
    """A reset that waits for the code from the e-mail."""

    secret: str
    expires_at: datetime


class PasswordResetSteps:
    """Carries a person through both proofs to a new password."""

    def __init__(
        self,
        database: Database,
        index: ContactIndex,
        passwords: Passwords,
        codes: Codes,
        notices: NoticeQueue,
        attempts: AuthAttempts,
        *,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._database = database
        self._index = index
        self._passwords = passwords
        self._codes = codes
        self._notices = notices
        self._attempts = attempts
        self._clock = clock
        self._new_id = new_id

    async def start(self, email: str, mobile: str, password: str) -> StartedReset:
        """Begin and send a code by e-mail. Refuses INVALID_FIELD, PASSWORD_TOO_WEAK, TOO_MANY_CODES."""
        address, number = typed_pair(email, mobile, _REGION)
        chosen = check_choice(password, email=address, minimum=ACCOUNT_MINIMUM)
        password_hash = await self._passwords.hash("account", self._index.email(address), chosen)
        pair_index, now = self._index.pair(address, number), self._clock()
        secret = new_secret()
        async with self._database.transaction() as tx:
            await count_code(tx, _window(pair_index), now)
            account_id = await account_with_pair(tx, pair_index)
            new = PasswordReset(self._new_id(), pair_index, password_hash, account_id, None, now + _LIFETIME)
            await add_reset(tx, new, secret.hash)
            await self._send(tx, new, "reset_email", now)
        return StartedReset(secret.value, new.expires_at)

    async def verify_email(self, secret: str, code: str) -> datetime:
        """Prove the address and send a code by SMS; returns when that ends.

        Refuses RESET_NOT_FOUND, CODE_REFUSED, and TOO_MANY_CODES, which leaves the right code unused.
        """
        now = self._clock()
        ends: datetime | None = None
        async with self._database.transaction() as tx:
            reset = await _found(tx, secret, now)
            proven = await self._codes.use(tx, (reset.id,), "reset_email", code, now)
            if proven is not None:
                await count_code(tx, reset.pair_index, now)
                await note_email_proof(tx, reset.id, now)
                ends = await self._send(tx, reset, "reset_sms", now)
        self._attempts.judged("email_code", ends is not None)
        if ends is None:
            raise code_refused()
        return ends

    async def complete(self, secret: str, code: str) -> None:
        """Prove the number, set the password, end all sessions and whatever else is under way.

        Refuses RESET_NOT_FOUND, RESET_STEP_NOT_DUE, CODE_REFUSED.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            account_id = (await _found(tx, secret, now)).account_id
            await lock_account(tx, account_id)
            # Read again: a change of the contact data may have ended the reset until the lock was ours.
            reset = await _found(tx, secret, now)
            if reset.email_proven_at is None:
                raise reset_step_not_due()
            proven = await self._codes.use(tx, (reset.id,), "reset_sms", code, now)
            if proven is not None:
                await self._set_password(tx, reset, now)
        self._attempts.judged("sms_code", proven is not None)
        if proven is None:
            raise code_refused()

    async def _set_password(self, tx: AsyncConnection, reset: PasswordReset, now: datetime) -> None:
        await set_password(tx, reset.account_id, reset.pair_index, reset.password_hash)
        await end_open_flows(tx, reset.account_id, reset.pair_index)
        if reset.account_id is not None:
            await end_sessions_of(tx, reset.account_id, now)

    async def _send(
        self, tx: AsyncConnection, reset: PasswordReset, purpose: Purpose, now: datetime
    ) -> datetime:
        """The worker looks up where the account's address, number and language are: not the request."""
        issued = await self._codes.issue(tx, reset.id, purpose, now)
        to = _recipient(reset.account_id, purpose)
        await self._notices.enqueue(tx, Notice(to, "reset_code", issued.code, issued.expires_at, GERMAN), now)
        return issued.expires_at


def _recipient(account_id: UUID | None, purpose: Purpose) -> Recipient:
    if account_id is None:
        return Recipient.nobody()
    return Recipient.account_email(account_id) if purpose == "reset_email" else Recipient.account(account_id)


async def _found(tx: AsyncConnection, secret: str, now: datetime) -> PasswordReset:
    reset = await find_reset(tx, secret_hash(secret), now)
    if reset is None:
        raise reset_not_found()
    return reset


def _window(pair_index: bytes) -> bytes:
    """What limits resets: the pair, so that who knows only an address can't use up its owner's."""
    return sha256(b"reset\0" + pair_index).digest()
