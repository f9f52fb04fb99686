"""The steps of a registration up to its last: begin, prove the address, prove the number."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from services.identity.auth_metrics import AuthAttempts
from services.identity.code_windows import count_code, note_code
from services.identity.codes import Codes
from services.identity.contact import ContactIndex, typed_pair
from services.identity.language import GERMAN
from services.identity.notices import Notice, NoticeQueue, Recipient
from services.identity.opaque_secrets import new_secret, secret_hash
from services.identity.password_policy import ACCOUNT_MINIMUM, check_choice
from services.identity.passwords import Passwords
from services.identity.refusals import code_refused, registration_not_found, step_not_due, too_many_codes
from services.identity.registration.domain import UNPROVEN_LIFETIME, Registration, Typed
from services.identity.registration.storage import (
    Registrations,
    find_registration,
    note_proof,
    pair_is_known,
)

# A number without country code is read as in Germany: no practice is known yet.
_REGION: Final = "DE"


@dataclass(frozen=True, slots=True)
class StartedRegistration:
    """A registration that waits for the code from the e-mail."""

    secret: str
    expires_at: datetime


class RegistrationSteps:
    """Carries a person through the proofs; answers, statements and notices never depend on who is known."""

    def __init__(
        self,
        database: Database,
        registrations: Registrations,
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
        self._registrations = registrations
        self._index = index
        self._passwords = passwords
        self._codes = codes
        self._notices = notices
        self._attempts = attempts
        self._clock = clock
        self._new_id = new_id

    async def start(
        self, email: str, mobile: str, password: str, language: str | None
    ) -> StartedRegistration:
        """Begin and send a code by e-mail. Refuses INVALID_FIELD, PASSWORD_TOO_WEAK, TOO_MANY_CODES."""
        address, number = typed_pair(email, mobile, _REGION)
        chosen = check_choice(password, email=address, minimum=ACCOUNT_MINIMUM)
        email_index = self._index.email(address)
        password_hash = await self._passwords.hash("account", email_index, chosen)
        typed = Typed(address, number, password_hash, language or GERMAN)
        now = self._clock()
        pair_index = self._index.pair(address, number)
        expires_at = now + UNPROVEN_LIFETIME
        new = Registration(self._new_id(), email_index, pair_index, "email_code", None, expires_at)
        secret = new_secret()
        async with self._database.transaction() as tx:
            await count_code(tx, email_index, now)
            await self._registrations.add(tx, new, typed, secret.hash, now)
            await self._send_email_code(tx, new, typed, now)
        return StartedRegistration(secret.value, expires_at)

    async def state(self, secret: str) -> tuple[Registration, str]:
        """The registration as it stands, and the address or number that its next code proves, as typed.

        Refuses REGISTRATION_NOT_FOUND.
        """
        async with self._database.transaction() as tx:
            registration = await _found(tx, secret, self._clock(), locked=False)
            typed = await self._registrations.typed(tx, registration.id)
        proves = {"email_code": typed.email, "sms_code": typed.mobile}
        return registration, proves.get(registration.state, "")

    async def resend(self, secret: str) -> datetime:
        """Send the code that is due once more; return when it ends.

        Refuses REGISTRATION_NOT_FOUND, STEP_NOT_DUE, TOO_MANY_CODES.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            registration = await _found(tx, secret, now)
            typed = await self._registrations.typed(tx, registration.id)
            if registration.state == "email_code":
                await count_code(tx, registration.email_index, now)
                return await self._send_email_code(tx, registration, typed, now)
            if registration.state == "sms_code":
                await count_code(tx, registration.pair_index, now)
                return await self._send_sms_code(tx, registration, typed, now)
            raise step_not_due()

    async def verify_email(self, secret: str, code: str) -> None:
        """Prove the address and send a code by SMS.

        Refuses REGISTRATION_NOT_FOUND, CODE_REFUSED, and TOO_MANY_CODES though the address is proven then.
        """
        now = self._clock()
        retry_after: timedelta | None = None
        async with self._database.transaction() as tx:
            registration = await _found(tx, secret, now)
            proven = await self._codes.use(tx, (registration.id,), "registration_email", code, now)
            if proven is not None:
                await note_proof(tx, registration.id, "sms_code", now)
                retry_after = await note_code(tx, registration.pair_index, now)
                if retry_after is None:
                    typed = await self._registrations.typed(tx, registration.id)
                    await self._send_sms_code(tx, registration, typed, now)
        self._attempts.judged("email_code", proven is not None)
        if proven is None:
            raise code_refused()
        if retry_after is not None:
            raise too_many_codes(retry_after)

    async def verify_mobile(self, secret: str, code: str) -> None:
        """Prove the number. Refuses REGISTRATION_NOT_FOUND, STEP_NOT_DUE, CODE_REFUSED."""
        now = self._clock()
        async with self._database.transaction() as tx:
            registration = await _found(tx, secret, now)
            if registration.state == "email_code":
                raise step_not_due()
            proven = await self._codes.use(tx, (registration.id,), "registration_sms", code, now)
            if proven is not None:
                await note_proof(tx, registration.id, "proven", now)
        self._attempts.judged("sms_code", proven is not None)
        if proven is None:
            raise code_refused()

    async def _send_email_code(
        self, tx: AsyncConnection, registration: Registration, typed: Typed, now: datetime
    ) -> datetime:
        issued = await self._codes.issue(tx, registration.id, "registration_email", now)
        to = Recipient.email(typed.email)
        notice = Notice(to, "registration_code", issued.code, issued.expires_at, typed.language)
        await self._notices.enqueue(tx, notice, now)
        return issued.expires_at

    async def _send_sms_code(
        self, tx: AsyncConnection, registration: Registration, typed: Typed, now: datetime
    ) -> datetime:
        issued = await self._codes.issue(tx, registration.id, "registration_sms", now)
        known = await pair_is_known(tx, registration.pair_index)
        to = Recipient.mobile(typed.mobile) if known else Recipient.nobody()
        notice = Notice(to, "registration_code", issued.code, issued.expires_at, typed.language)
        await self._notices.enqueue(tx, notice, now)
        return issued.expires_at


async def _found(tx: AsyncConnection, secret: str, now: datetime, *, locked: bool = True) -> Registration:
    registration = await find_registration(tx, secret_hash(secret), now, locked=locked)
    if registration is None:
        raise registration_not_found()
    return registration
