"""Turns a session into a token that says who its holder is now."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Uuid, bindparam, text
from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.caller import Caller
from chassis.database import Database
from chassis.refusal import invalid
from chassis.tokens import TokenSigner
from services.identity.auth_metrics import AuthAttempts
from services.identity.opaque_secrets import secret_hash
from services.identity.readers.entitlements import Entitlements
from services.identity.refusals import session_ended
from services.identity.sessions.domain import Session, token_end
from services.identity.sessions.storage import open_session, use_session

_AUDIENCES: Final = frozenset({"identity", "messaging", "attachments", "notifier"})
_STAFF_MEMBER: Final = text("SELECT practice_id, role, disabled_at FROM staff_member_by_id(:id)").bindparams(
    bindparam("id", type_=Uuid)
)


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token, and for whom: `caller` ends when the token does."""

    token: str
    caller: Caller


class Exchange:
    """Issues the tokens of people; each says only what holds at this moment."""

    def __init__(
        self,
        database: Database,
        signer: TokenSigner,
        attempts: AuthAttempts,
        entitlements: Entitlements,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._signer = signer
        self._attempts = attempts
        self._entitlements = entitlements
        self._clock = clock

    async def exchange(self, secret: str, audience: str, by_person: bool) -> IssuedToken:
        """A token for one audience; only a person's own request extends the session's idle time.

        Refuses INVALID_FIELD, SESSION_ENDED.
        """
        if audience not in _AUDIENCES:
            raise invalid("audience", "must be one of: " + ", ".join(sorted(_AUDIENCES)))
        # Tokens count whole seconds.
        now = self._clock().replace(microsecond=0)
        async with self._database.transaction() as tx:
            found = use_session if by_person else open_session
            session = await found(tx, secret_hash(secret), now)
            caller = None if session is None else await self._caller(tx, session, now)
        self._attempts.judged("session", caller is not None)
        if caller is None:
            raise session_ended()
        token = self._signer.sign(caller, audience, now, caller.expires_at - now)
        return IssuedToken(token, caller)

    async def _caller(self, tx: AsyncConnection, session: Session, now: datetime) -> Caller | None:
        ends = token_end(session, now).replace(microsecond=0)
        if ends - now < timedelta(seconds=1):
            return None
        if session.holder == "staff":
            return await _staff_caller(tx, session, ends)
        holder = session.holder_id
        entitlements = await self._entitlements.of_account(tx, holder, now.date())
        return Caller(holder, "account", None, entitlements, session.id, ends)


async def _staff_caller(tx: AsyncConnection, session: Session, ends: datetime) -> Caller | None:
    member = (await tx.execute(_STAFF_MEMBER, {"id": session.holder_id})).one()
    if member.disabled_at is not None:
        return None
    return Caller(session.holder_id, member.role, member.practice_id, (), session.id, ends)
