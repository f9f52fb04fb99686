"""Asks an account's person for the password again, with limits on guessing."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from chassis.database import Database
from services.identity.accounts.storage import password_hash_of
from services.identity.auth_metrics import AuthAttempts
from services.identity.contact import ContactIndex
from services.identity.password_policy import check_length_at_login
from services.identity.passwords import Passwords, matching
from services.identity.refusals import password_refused, too_many_attempts
from services.identity.sessions.attempts import begin_attempt, forget_attempts


class AccountPasswords:
    """Checks the password of an account whose person is logged in."""

    def __init__(
        self,
        database: Database,
        passwords: Passwords,
        index: ContactIndex,
        attempts: AuthAttempts,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._passwords = passwords
        self._index = index
        self._attempts = attempts
        self._clock = clock

    async def check(self, account_id: UUID, email: str, new_email: str, password: str) -> str:
        """Return the hash of the right password for the new address, which its salt comes from.

        Refuses INVALID_FIELD, TOO_MANY_ATTEMPTS, PASSWORD_REFUSED.
        """
        typed = check_length_at_login(password)
        window = sha256(b"password again\0" + account_id.bytes).digest()
        async with self._database.transaction() as tx:
            retry_after = await begin_attempt(tx, window, self._clock())
        if retry_after is not None:
            self._attempts.count("account_password", "limited")
            raise too_many_attempts(retry_after)
        email_index, new_index = self._index.email(email), self._index.email(new_email)
        computed = await self._passwords.hash("account", email_index, typed)
        async with self._database.transaction() as tx:
            right = bool(matching(computed, [await password_hash_of(tx, account_id)]))
            if right:
                await forget_attempts(tx, window)
        self._attempts.judged("account_password", right)
        if not right:
            raise password_refused()
        return (
            computed if new_index == email_index else await self._passwords.hash("account", new_index, typed)
        )
