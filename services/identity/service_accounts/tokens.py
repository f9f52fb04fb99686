"""Gives programs their short-lived tokens."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from chassis.caller import Caller
from chassis.database import Database
from chassis.refusal import invalid
from chassis.tokens import SERVICE_LIFETIME, TokenSigner
from chassis.validation import required_uuid
from services.identity import refusals
from services.identity.auth_metrics import AuthAttempts
from services.identity.service_accounts.domain import is_secret
from services.identity.service_accounts.store import credentials

AUDIENCES: Final = frozenset({"identity", "messaging", "attachments", "notifier"})

# Compared with where there is no account, so that an unknown id takes as long as a wrong secret.
_NOBODYS_HASH: Final = bytes(32)


@dataclass(frozen=True, slots=True)
class ServiceToken:
    """A token and when it ends."""

    token: str
    expires_at: datetime


class ServiceTokenIssue:
    """The use case IssueServiceToken."""

    def __init__(
        self,
        database: Database,
        signer: TokenSigner,
        attempts: AuthAttempts,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._signer = signer
        self._attempts = attempts
        self._clock = clock

    async def issue(self, account_id: str, secret: str, audience: str) -> ServiceToken:
        """Return a token of 5 minutes for one audience; refuses CREDENTIALS_REFUSED, INVALID_FIELD."""
        if audience not in AUDIENCES:
            raise invalid("audience", "must be one of: " + ", ".join(sorted(AUDIENCES)))
        # Tokens count whole seconds.
        now = self._clock().replace(microsecond=0)
        caller = await self._caller(required_uuid("account_id", account_id), secret, now + SERVICE_LIFETIME)
        self._attempts.judged("service_secret", caller is not None)
        if caller is None:
            raise refusals.credentials_refused()
        token = self._signer.sign(caller, audience, now, SERVICE_LIFETIME)
        return ServiceToken(token, caller.expires_at)

    async def _caller(self, account_id: UUID, secret: str, expires_at: datetime) -> Caller | None:
        async with self._database.transaction() as tx:
            known = await credentials(tx, account_id)
        right = is_secret(secret, _NOBODYS_HASH if known is None else known.secret_hash)
        if known is None or not right or known.disabled_at is not None:
            return None
        return Caller(account_id, known.role, known.practice_id, (), None, expires_at)
