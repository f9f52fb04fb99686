"""How accounts log in: password, then a code by SMS; each step costs the same, whoever is found."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.database import Database
from services.identity.accounts.returning import Returning
from services.identity.auth_metrics import AuthAttempts
from services.identity.code_windows import note_code
from services.identity.codes import SMS_CODE_LIFETIME, Codes, forget_codes
from services.identity.contact import ContactIndex, email_address
from services.identity.language import GERMAN
from services.identity.notices import Notice, NoticeQueue, Recipient
from services.identity.opaque_secrets import new_secret, secret_hash
from services.identity.password_policy import check_length_at_login
from services.identity.passwords import Passwords, matching
from services.identity.refusals import login_refused, too_many_codes
from services.identity.sessions.beginnings import begin_session
from services.identity.tables.people import account, login

_L = login.c


@dataclass(frozen=True, slots=True)
class StartedLogin:
    """A login that waits for its code."""

    secret: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class AccountSession:
    """An account's new session."""

    account_id: UUID
    secret: str


class AccountLogin:
    """Checks e-mail address and password, then the number, of an account."""

    def __init__(
        self,
        database: Database,
        index: ContactIndex,
        passwords: Passwords,
        codes: Codes,
        notices: NoticeQueue,
        attempts: AuthAttempts,
        returning: Returning,
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
        self._returning = returning
        self._clock = clock
        self._new_id = new_id

    async def start(self, email: str, password: str) -> StartedLogin:
        """Send a code to the number of each account with this address and password: one or none as a rule.

        Refuses INVALID_FIELD, TOO_MANY_CODES.
        """
        email_index = self._index.email(email_address("email", email))
        computed = await self._passwords.hash("account", email_index, check_length_at_login(password))
        now = self._clock()
        async with self._database.transaction() as tx:
            retry_after = await note_code(tx, _window(computed), now)
            if retry_after is None:
                accounts = await _accounts(tx, email_index, computed)
                return await self._send_codes(tx, accounts or [None], now)
        self._attempts.count("login_code", "limited")
        raise too_many_codes(retry_after)

    async def finish(self, secret: str, code: str) -> AccountSession:
        """Begin a session, with access to what has the account's pair again.

        Refuses LOGIN_REFUSED, whatever was wrong.
        """
        now = self._clock()
        async with self._database.transaction() as tx:
            logins = await _logins(tx, secret_hash(secret))
            proven = await self._codes.use(tx, list(logins), "login_sms", code, now) if logins else None
            account_id = None if proven is None else logins[proven]
            session = None if account_id is None else await self._admit(tx, account_id, logins, now)
        self._attempts.judged("login_code", session is not None)
        if session is None:
            raise login_refused()
        await self._returning.restore(session.account_id)
        return session

    async def _send_codes(
        self, tx: AsyncConnection, accounts: Sequence[UUID | None], now: datetime
    ) -> StartedLogin:
        secret = new_secret()
        expires_at = now + SMS_CODE_LIFETIME
        for account_id in accounts:
            login_id = self._new_id()
            row = {
                "id": login_id,
                "secret_hash": secret.hash,
                "account_id": account_id,
                "expires_at": expires_at,
            }
            await tx.execute(insert(login).values(row))
            issued = await self._codes.issue(tx, login_id, "login_sms", now)
            to = Recipient.nobody() if account_id is None else Recipient.account(account_id)
            await self._notices.enqueue(
                tx, Notice(to, "login_code", issued.code, issued.expires_at, GERMAN), now
            )
        return StartedLogin(secret.value, expires_at)

    async def _admit(
        self, tx: AsyncConnection, account_id: UUID, logins: dict[UUID, UUID | None], now: datetime
    ) -> AccountSession:
        await forget_codes(tx, list(logins))
        await tx.execute(delete(login).where(_L.id.in_(logins)))
        secret = await begin_session(
            tx, "account", account_id, now, new_id=self._new_id, mobile_proven_at=now
        )
        return AccountSession(account_id, secret)


async def delete_expired_logins(tx: AsyncConnection, now: datetime) -> int:
    """Remove logins whose code has ended; says how many."""
    return (await tx.execute(delete(login).where(_L.expires_at <= now))).rowcount


async def _accounts(tx: AsyncConnection, email_index: bytes, computed: str) -> list[UUID | None]:
    found = select(account.c.id, account.c.password_hash).where(account.c.email_index == email_index)
    rows = list(await tx.execute(found.order_by(account.c.id)))
    return [rows[position].id for position in matching(computed, [row.password_hash for row in rows])]


async def _logins(tx: AsyncConnection, hashed: bytes) -> dict[UUID, UUID | None]:
    rows = await tx.execute(select(_L.id, _L.account_id).where(_L.secret_hash == hashed).order_by(_L.id))
    return {row.id: row.account_id for row in rows}


def _window(computed: str) -> bytes:
    """What limits the codes of a login: the address together with the password.

    A stranger who guesses passwords can neither use up the owner's codes nor see, by being limited, that a
    guess was right. The computed hash is of both, and keyed.
    """
    return sha256(b"login\0" + computed.encode()).digest()
