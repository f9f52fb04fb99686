"""What can be done with service accounts; each is one transaction."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from chassis.audit import record_audit
from chassis.caller import Caller
from chassis.database import Database
from chassis.idempotency import Requests
from chassis.paging import Position
from praxispost.identity.v1 import service_accounts_pb2
from services.identity import refusals
from services.identity.callers import PLATFORM
from services.identity.service_accounts.domain import ServiceAccount, new_secret, role_for, secret_hash
from services.identity.service_accounts.store import (
    add_account,
    disable_account,
    page_of_accounts,
    put_account,
)


class ServiceAccounts:
    """The use cases of ServiceAccountService, for a practice's admin and the platform's operator."""

    def __init__(
        self,
        database: Database,
        requests: Requests,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self._database = database
        self._requests = requests
        self._clock = clock
        self._new_id = new_id

    async def create(
        self,
        caller: Caller,
        request_id: UUID,
        request: service_accounts_pb2.CreateServiceAccountRequest,
        label: str,
    ) -> service_accounts_pb2.CreateServiceAccountResponse:
        """Make an account; the secret is in the first answer only, since answers are stored."""
        role = role_for("role", request.role, caller.tenant_id)
        scope_id, now = _scope(caller), self._clock()
        account = ServiceAccount(self._new_id(), caller.tenant_id, label, role, False, now)
        secret = new_secret()

        async def effect() -> service_accounts_pb2.CreateServiceAccountResponse:
            await add_account(tx, account, secret_hash(secret))
            await _audit(tx, caller, "service_account.create", account.id, now)
            return service_accounts_pb2.CreateServiceAccountResponse(account_id=str(account.id))

        async with self._database.transaction((scope_id,)) as tx:
            response = await self._requests.once(
                tx,
                caller=caller,
                tenant_id=scope_id,
                rpc="CreateServiceAccount",
                request_id=request_id,
                request=request,
                response_type=service_accounts_pb2.CreateServiceAccountResponse,
                effect=effect,
            )
        if response.account_id == str(account.id):
            response.secret = secret
        return response

    async def put_platform_account(self, caller: Caller, account_id: UUID, role: str, secret: str) -> None:
        """Make or renew an account of the platform with a given secret; whatever it was before."""
        now = self._clock()
        account = ServiceAccount(account_id, None, role, role_for("role", role, None), False, now)
        async with self._database.transaction((PLATFORM,)) as tx:
            await put_account(tx, account, secret_hash(secret))
            await _audit(tx, caller, "service_account.put", account_id, now)

    async def page(self, caller: Caller, after: Position | None, most: int) -> list[ServiceAccount]:
        """Return at most so many of the caller's practice's or the platform's accounts, oldest first."""
        scope_id = _scope(caller)
        async with self._database.transaction((scope_id,)) as tx:
            return await page_of_accounts(tx, scope_id, after, most)

    async def disable(self, caller: Caller, account_id: UUID) -> None:
        """Refuse the account further tokens."""
        scope_id, now = _scope(caller), self._clock()
        async with self._database.transaction((scope_id,)) as tx:
            if not await disable_account(tx, scope_id, account_id, now):
                raise refusals.service_account_not_found()
            await _audit(tx, caller, "service_account.disable", account_id, now)


def _scope(caller: Caller) -> UUID:
    return caller.tenant_id or PLATFORM


async def _audit(tx: AsyncConnection, caller: Caller, action: str, account_id: UUID, now: datetime) -> None:
    await record_audit(
        tx,
        caller=caller,
        tenant_id=_scope(caller),
        action=action,
        object_kind="service_account",
        object_id=account_id,
        now=now,
    )
