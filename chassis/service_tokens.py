"""A service's own tokens: fetched from identity, kept, and renewed before they end."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from grpc import aio

from chassis import logs
from chassis.rich_status import as_unavailable
from praxispost.identity.v1 import tokens_pb2, tokens_pb2_grpc

_LOG = logs.get(__name__)
_RENEW_BEFORE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str
    expires_at: datetime


class ServiceTokens:
    """Tokens of one service account, per audience; one request to identity at a time for each."""

    def __init__(
        self,
        identity: aio.Channel,
        account_id: UUID | str,
        secret: str,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._stub = tokens_pb2_grpc.TokenServiceStub(identity)
        self._account_id = str(account_id)
        self._secret = secret
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def token(self, audience: str) -> str:
        """A token for the audience, good for a while; refuses with UNAVAILABLE where none can be had."""
        if (token := self._fresh(audience)) is not None:
            return token
        async with self._locks.setdefault(audience, asyncio.Lock()):
            if (token := self._fresh(audience)) is not None:
                return token
            return await self._renew(audience)

    def forget(self, audience: str) -> None:
        """Drop the token that the audience did not accept."""
        self._kept.pop(audience, None)

    def _fresh(self, audience: str) -> str | None:
        kept = self._kept.get(audience)
        return kept.token if kept is not None and self._clock() < kept.expires_at - _RENEW_BEFORE else None

    async def _renew(self, audience: str) -> str:
        request = tokens_pb2.IssueServiceTokenRequest(
            account_id=self._account_id, secret=self._secret, audience=audience
        )
        try:
            response = await self._stub.IssueServiceToken(request)
        except aio.AioRpcError as error:
            kept = self._kept.get(audience)
            if kept is not None and self._clock() < kept.expires_at:
                return kept.token
            _LOG.warning("no service token", error=error, audience=audience, code=error.code())
            raise as_unavailable(error, "identity") from error
        self._kept[audience] = _Kept(response.token, response.expires_at.ToDatetime(UTC))
        return response.token
