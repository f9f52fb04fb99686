"""One-time codes prove an address once; they are stored as keyed hashes and counted as they are compared."""

import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, Literal
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, and_, column, delete, update, values
from sqlalchemy import case as sql_case
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.identity.tables.people import code as code_table

CODE_KEY: Final = "code"
EMAIL_CODE_LIFETIME: Final = timedelta(minutes=60)
SMS_CODE_LIFETIME: Final = timedelta(minutes=10)
INVITATION_LIFETIME: Final = timedelta(hours=72)
TRIES: Final = 5

Purpose = Literal[
    "registration_email",
    "registration_sms",
    "login_sms",
    "reset_email",
    "reset_sms",
    "change_email",
    "change_sms",
]

_LIFETIMES: Final = {
    "registration_email": EMAIL_CODE_LIFETIME,
    "registration_sms": SMS_CODE_LIFETIME,
    "login_sms": SMS_CODE_LIFETIME,
    "reset_email": EMAIL_CODE_LIFETIME,
    "reset_sms": SMS_CODE_LIFETIME,
    "change_email": EMAIL_CODE_LIFETIME,
    "change_sms": SMS_CODE_LIFETIME,
}
_DIGITS: Final = 6
_INVITATION_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_INVITATION_LENGTH: Final = 10
_C = code_table.c


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A code as it goes into its notice; nothing else ever holds it."""

    code: str
    expires_at: datetime


def six_digits() -> str:
    """A code to type in from an e-mail or SMS."""
    return f"{secrets.randbelow(10**_DIGITS):0{_DIGITS}}"


def invitation_code() -> str:
    """A code of 50 bits to type in from an invitation: ten base32 letters in two groups (RFC 4648)."""
    letters = "".join(secrets.choice(_INVITATION_LETTERS) for _ in range(_INVITATION_LENGTH))
    return f"{letters[:5]}-{letters[5:]}"


def invitation_code_as_typed(typed: str) -> str:
    """The same text for every way to type the same invitation code."""
    return "".join(typed.split()).replace("-", "").upper()


class Codes:
    """Makes, keeps and compares codes; one belongs to a flow (a registration, a login) and a purpose."""

    def __init__(self, key: bytes, new_code: Callable[[], str] = six_digits) -> None:
        self._key = key
        self._new_code = new_code

    def hashed(self, purpose: str, belongs_to: UUID | str, code: str) -> bytes:
        """What is stored instead of the code."""
        return hmac.digest(self._key, f"{purpose}\0{belongs_to}\0{code}".encode(), sha256)

    async def issue(self, tx: AsyncConnection, flow_id: UUID, purpose: Purpose, now: datetime) -> IssuedCode:
        """A new code for the flow; the one before it dies, and so do its tries."""
        issued = IssuedCode(self._new_code(), now + _LIFETIMES[purpose])
        fresh = {
            "code_hash": self.hashed(purpose, flow_id, issued.code),
            "tries": 0,
            "used_at": None,
            "expires_at": issued.expires_at,
        }
        statement = insert(code_table).values(flow_id=flow_id, purpose=purpose, **fresh)
        await tx.execute(statement.on_conflict_do_update(index_elements=["flow_id", "purpose"], set_=fresh))
        return issued

    async def use(
        self, tx: AsyncConnection, flow_ids: Sequence[UUID], purpose: Purpose, typed: str, now: datetime
    ) -> UUID | None:
        """The flow whose code was typed; None where it is wrong, used, expired or was tried too often.

        One statement compares and counts, so guesses at the same moment count one by one. The caller commits
        also where it is None: a refusal that undid the count would make guessing free.
        """
        digits = "".join(typed.split())
        hashes = [(flow_id, self.hashed(purpose, flow_id, digits)) for flow_id in flow_ids]
        guess = values(column("flow_id", Uuid), column("code_hash", LargeBinary), name="guess").data(hashes)
        right = and_(_C.code_hash == guess.c.code_hash, _C.tries < TRIES)
        counted = await tx.execute(
            update(code_table)
            .values(tries=_C.tries + 1, used_at=sql_case((right, now)))
            .where(
                _C.flow_id == guess.c.flow_id,
                _C.purpose == purpose,
                _C.used_at.is_(None),
                _C.expires_at > now,
            )
            .returning(_C.flow_id, _C.used_at)
        )
        hits = [row.flow_id for row in counted if row.used_at is not None]
        return hits[0] if len(hits) == 1 else None


async def forget_codes(tx: AsyncConnection, flow_ids: Sequence[UUID]) -> None:
    """Let all codes of the flows die."""
    await tx.execute(delete(code_table).where(_C.flow_id.in_(flow_ids)))


async def delete_expired_codes(tx: AsyncConnection, now: datetime) -> int:
    """Remove codes that nobody can use any more; says how many."""
    return (await tx.execute(delete(code_table).where(_C.expires_at <= now))).rowcount
